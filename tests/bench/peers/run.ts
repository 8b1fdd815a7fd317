// `bun run bench:peers [rounds]`: what a person and a script feel of a command, as whole processes: ours against `cliai --version`, which does
// nothing, and against hcom, the quickest of our peers (Rust; PyPI, at a pinned version, in an environment of its own that is removed at the end).
// All take turns in each round, so that what else the machine does falls on all of them. Not a test. It needs dist/cliai, Python and the network.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { summarize } from "../../../src/bench/statistics.ts";
import { silentLogger } from "../../../src/log.ts";
import { connectBus } from "../../../src/nats/connect-bus.ts";
import { serveHttp } from "../../../src/runtime.ts";
import { agentOn } from "../../support/agent-fixture.ts";
import { startBridge } from "../../support/bridges.ts";
import { startChild } from "../../support/child.ts";
import { cliaiCommand, startServe } from "../../support/cliai.ts";
import { python } from "../../support/python-packages.ts";
import { tempDir } from "../../support/temp-dir.ts";

const rounds = Number(process.argv[2] ?? 25);
/** Left out of the figures: files are not in the memory yet, and serve loads what it needs for a command. */
const warmUps = 2;

await using dir = await tempDir();
const hcom = installHcom(dir.path);
await using serve = await startServe();
await using parts = new AsyncDisposableStack();
parts.use(await startBridge(serve, "ada"));
const bus = await connectBus({
  ...{ url: serve.natsUrl, credsPath: serve.credsPath, name: "agents", log: silentLogger },
});
parts.defer(() => bus.close());
const mcpConfig = await startHost();
const hcomEnv = { PATH: process.env.PATH, HOME: dir.path, HCOM_DIR: dir.join("hcom") };
const { stdout: started } = spawnSync(hcom, ["start"], { env: hcomEnv, encoding: "utf8" });
const [, hcomName] = /\[hcom:([a-z]+)\]/.exec(started) ?? [];
if (hcomName === undefined) throw new Error(`hcom start gives no name: ${started}`);

interface Side {
  readonly what: string;
  /** What its time is divided by. */
  readonly against?: string;
  readonly atMost?: number;
  /** Milliseconds. */
  readonly measure: (round: number) => Promise<number>;
}

const version = "cliai --version";
const heard = "hcom send, until its listener has it";
const sides: readonly Side[] = [
  { what: version, measure: () => timed(["--version"]) },
  ...[["ls"], ["ls", "--json"], ["show", "ada"], ["inbox"]].map((args) => ({
    what: `cliai ${args.join(" ")}`,
    ...{ against: version, atMost: 2.5 },
    measure: () => timed(args),
  })),
  { what: "cliai answer", against: version, atMost: 2.5, measure: measureAnswer },
  {
    what: "cliai send task --wait stored",
    ...{ against: version, atMost: 2.5 },
    measure: (round) => timed(["send", "task", "ada", `task ${round}`, "--wait", "stored"]),
  },
  { what: "cliai hook", against: version, atMost: 1.5, measure: () => timed(hookArgs(), "{}") },
  { what: heard, measure: measureHcom },
  {
    what: "cliai send task --wait delivered",
    ...{ against: heard, atMost: 2 },
    measure: (round) => timed(["send", "task", "ada", `now ${round}`, "--wait", "delivered"]),
  },
  { what: "hcom list", measure: () => timeOf(hcom, ["list"], hcomEnv) },
  { what: "cliai ls", against: "hcom list", measure: () => timed(["ls"]) },
];

const samples = sides.map((): number[] => []);
for (let round = 0; round < warmUps + rounds; round += 1) {
  for (const [index, { measure }] of sides.entries()) {
    const ms = await measure(round);
    if (round >= warmUps) samples[index]?.push(ms);
  }
}
printTable();

function printTable(): void {
  const lines = sides.map(({ what, against, atMost }, index) => {
    const own = samples[index] ?? [];
    const { median, p95 } = summarize(own);
    const ratio = against === undefined ? undefined : pairedRatio(own, against);
    const verdict = atMost === undefined || ratio === undefined ? "" : ratio <= atMost ? "met" : "missed";
    const target = atMost === undefined ? "" : `at most ${atMost}: ${verdict}`;
    return [
      what.padEnd(40),
      median.toFixed(1).padStart(8),
      p95.toFixed(1).padStart(8),
      (ratio?.toFixed(2) ?? "").padStart(7),
      `  ${against === undefined ? "" : `of ${against}`}${target === "" ? "" : `; ${target}`}`,
    ].join("");
  });
  const columns = ["p50".padStart(8), "p95".padStart(8), "ratio".padStart(7)].join("");
  const head = `${rounds} rounds, ms`.padEnd(40) + columns;
  process.stdout.write(`${[head, ...lines].map((line) => line.trimEnd()).join("\n")}\n`);
}

/** The median of the ratios of all rounds: what else the machine does in one round weighs on both sides of it. */
function pairedRatio(own: readonly number[], against: string): number {
  const other = samples[sides.findIndex(({ what }) => what === against)] ?? [];
  return summarize(own.map((ms, round) => ms / (other[round] ?? Number.NaN))).median;
}

/** Runs our executable against the server of this bench. Its output goes into a pipe, as in a script. */
async function timed(args: readonly string[], input?: string): Promise<number> {
  const [command, ...first] = cliaiCommand();
  const env = { PATH: process.env.PATH, HOME: dir.path, CLIAI_NO_START: "1", CLIAI_HOME: serve.dataDir };
  return await timeOf(command, [...first, ...args], env, input);
}

/** From the start of the process to its end. @throws Error if it fails */
async function timeOf(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  input?: string,
): Promise<number> {
  const began = performance.now();
  const stdin = input === undefined ? "ignore" : "pipe";
  const child = spawn(command, [...args], { env, stdio: [stdin, "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (said += String(chunk)));
  if (input !== undefined) child.stdin?.end(input);
  const [code] = await once(child, "close");
  const ms = performance.now() - began;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${said}`);
  return ms;
}

/** Until the process that listens has the message, and has ended. */
async function measureHcom(round: number): Promise<number> {
  await using listener = await startChild(hcom, ["listen", "--name", hcomName ?? "", "--timeout", "60"], {
    ...{ env: hcomEnv, stdin: "ignore" },
  });
  await listener.line(/Listening for messages/, { from: "stderr" });
  const began = performance.now();
  await timeOf(hcom, ["send", `@${hcomName}`, "--from", "bench", "--", `message ${round}`], hcomEnv);
  const { stdout } = await listener.exit();
  const ms = performance.now() - began;
  if (!stdout.includes(`message ${round}`)) throw new Error(`hcom listen has not heard it: ${stdout}`);
  return ms;
}

/** The question is of an agent that is away, so nobody waits for the answer. */
async function measureAnswer(): Promise<number> {
  const question = { question: "Which file?", wait_s: 0 };
  const { request_id } = await agentOn(bus, "asker").result("ask_human", question);
  return await timed(["answer", String(request_id), "all"]);
}

function hookArgs(): string[] {
  return ["hook", "--mcp-config", mcpConfig];
}

/** What stands for a session's host: it lets each hook pass at once. Returns the path of the file that names it. */
async function startHost(): Promise<string> {
  const fetch = async (request: Request) => {
    await request.text();
    return new Response("{}");
  };
  const host = await serveHttp({ host: "127.0.0.1", port: 0, fetch });
  parts.defer(() => host.stop());
  const path = dir.join("mcp.json");
  const env = { CLIAI_SESSION_URL: `http://127.0.0.1:${host.port}`, CLIAI_SESSION_TOKEN: "of-the-bench" };
  await Bun.write(path, JSON.stringify({ mcpServers: { cliai: { env } } }));
  return path;
}

/** Returns the path of the program. */
function installHcom(home: string): string {
  const environment = join(home, "python");
  const scripts = join(environment, process.platform === "win32" ? "Scripts" : "bin");
  const pinned = join(import.meta.dirname, "requirements.txt");
  const steps: readonly [string, ...string[]][] = [
    [python, "-m", "venv", environment],
    [join(scripts, "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", pinned],
  ];
  for (const [command, ...args] of steps) {
    const { status } = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
    if (status !== 0) throw new Error(`${[command, ...args].join(" ")} has failed`);
  }
  return join(scripts, "hcom");
}
