// `bun run service-check`: `cliai service` on a real user manager of systemd, with an agent in the middle of a turn. The server is restarted, killed
// and removed, and the agent goes on. It is not part of the gate, because not every machine has a user manager. It needs dist/cliai. It starts a
// manager of its own; systemd refuses that if /run/systemd/system is missing, as it is in a container (`mkdir -p /run/systemd/system`).
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { readRunFile } from "../../src/data-dir/run-file.ts";
import { readServeFile } from "../../src/data-dir/serve-file.ts";
import { isServed } from "../../src/data-dir/serve-lock.ts";
import { readProcessStart } from "../../src/processes/process-start.ts";
import { ada } from "../support/agents.ts";
import type { ShownAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { runCliai } from "../support/cliai.ts";
import { startSlowModelServer } from "../support/slow-model-server.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

const checks: [what: string, holds: boolean][] = [];
const check = (what: string, holds: boolean) => {
  checks.push([what, holds]);
  process.stdout.write(`${holds ? "ok  " : "bad "} ${what}\n`);
};

await using dir = await tempDir();
const dataDir = dir.join("data");
const env = { HOME: dir.join("home"), USER: "kim", XDG_RUNTIME_DIR: dir.join("run") };
for (const each of [env.HOME, env.XDG_RUNTIME_DIR]) await mkdir(each, { mode: 0o700 });
await using _manager = await startManager();
await using model = await startSlowModelServer({ isHeld: true });
const cliai = (...args: string[]) => runCliai([...args, "--data-dir", dataDir], { env, cwd: dir.path });
const service = (act: string, ...flags: string[]) =>
  runCliai(["service", act, "--data-dir", dataDir, ...flags], { env, cwd: dir.path });
const show = async () => JSON.parse((await cliai("show", "ada", "--json")).stdout) as ShownAgent;
const unit = `${env.HOME}/.config/systemd/user/cliai.service`;

const wrong = await service("install", "--", "--prot", "0");
check(
  "wrong flags are told by serve's own words",
  wrong.stderr.includes("error: unknown flag --prot for serve"),
);
check("and leave no service", wrong.code === 2 && !existsSync(unit));
const installed = await service("install", "--", "--port", "0", "--nats-port", "0");
check(
  "it is installed, and runs",
  installed.code === 0 && installed.stdout.includes("starts it at each login"),
);
check("its state is told", (await service("status")).code === 0);
check("its log is where serve keeps it", (await readFile(`${dataDir}/logs/serve.log`)).length > 0);

await cliai("spawn", "local", "Hello?", "--id", "ada", "--detach", "--model-server", model.url);
await until("the model is asked", () => model.bodies.length > 0);
const hostPid = async () => (await readRunFile(dataDir, ada))?.host?.pid ?? 0;
const host = await hostPid();
const runsOn = async (what: string) =>
  check(`the agent runs on ${what}`, (await readProcessStart(host)) !== undefined);

const first = await readServeFile(dataDir);
await systemctl("restart", "cliai.service");
await untilAnother(first?.instance);
await runsOn("when the service is restarted");
const second = await readServeFile(dataDir);
if (second === undefined) throw new Error("the server does not say who it is");
process.kill(second.pid, "SIGKILL");
await untilAnother(second.instance);
await runsOn("when serve is killed, and systemd starts it again");
await until("the agent is online again", async () => (await show()).axes.link.value === "online");
model.letAnswer();
const task = async () =>
  lifeOf(await show(), (await show()).commands.find(({ type }) => type === "task")?.command_id ?? "");
await until("its task is applied", async () => (await task()).some((step) => step.startsWith("applied")));
check("its turn ends, and its task is applied", true);

check("the service is removed", (await service("uninstall")).code === 0 && !existsSync(unit));
check("and its server has ended", !(await isServed(dataDir)));
await runsOn("when the service is removed");
await service("install", "--", "--port", "0", "--nats-port", "0");
await until("the agent is online again", async () => (await show()).axes.link.value === "online");
check("a new service has the agent again", (await hostPid()) === host);
await cliai("down", "--agents", "--force");
check("down ends all, and systemd does not start it again", (await service("status")).code === 3);
await service("uninstall");
if (checks.some(([, holds]) => !holds)) process.exitCode = 1;

async function startManager() {
  const manager = await startChild("/lib/systemd/systemd", ["--user", "--log-target=console"], {
    env: { ...env, PATH: process.env.PATH ?? "" },
    stdin: "ignore",
  });
  try {
    await until("the user manager answers", async () => (await systemctl("is-system-running")) === "running");
  } catch (error) {
    await manager[Symbol.asyncDispose]();
    throw error;
  }
  return manager;
}

async function systemctl(...args: string[]): Promise<string> {
  await using child = await startChild("systemctl", ["--user", ...args], {
    env: { ...env, PATH: process.env.PATH ?? "" },
    stdin: "ignore",
  });
  return (await child.exit()).stdout.trim();
}

async function untilAnother(instance: string | undefined): Promise<void> {
  await until("another server is ready", async () => {
    const server = await readServeFile(dataDir).catch(() => undefined);
    return server !== undefined && server.instance !== instance && (await isServed(dataDir));
  });
}
