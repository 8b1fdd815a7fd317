// `bun run synadia`: Synadia's own client and host of the agent protocol, from PyPI at pinned versions, against a real server with credentials. The
// client finds an agent, prompts it and answers its question. The host serves an agent that joins the fleet, takes a task, asks and answers. It is
// not part of the gate, because it is downloaded. It needs dist/cliai, Python and the network.
// With a path, it runs that Python, which has the package: bun run synadia PYTHON
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { agentOn } from "../support/agent-fixture.ts";
import { startChild } from "../support/child.ts";
import { runCliai, startServe } from "../support/cliai.ts";
import { python } from "../support/python-packages.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

await using dir = await tempDir();
const [program = install(dir.path)] = process.argv.slice(2);
await using serve = await startServe({ args: ["--agent-protocol"] });
const agentsBus = await startAgent();
const added = await runCliai(["peers", "add", "ci", "--data-dir", serve.dataDir]);
const env = { ...process.env, NATS_URL: serve.natsUrl, NATS_CREDS: added.stdout.trim() };
await until("the agent is announced", async () => (await findAgents()) > 0);
await using child = await startChild(program, [join(import.meta.dirname, "caller.py")], {
  stdin: "ignore",
  env,
});
const { code, stdout, stderr } = await child.exit(120_000);
const seen = code === 0 ? JSON.parse(stdout) : {};
const guest = await driveGuest(program);
const checks: readonly [what: string, holds: boolean][] = [
  ["it finds the agent", / ada$/.test(String(seen.found)) && String(seen.found).startsWith("cliai ")],
  ["its prompt is acknowledged", seen.statuses?.[0] === "ack"],
  ["it hears the receipts", seen.statuses?.slice(1).join() === "delivered,injected,seen"],
  ["it answers the agent's question", String(seen.queries).startsWith("Which file?")],
  ["it gets the answer", seen.text === "It is all."],
  ["it reaches the agent by its id", seen.is_reachable === true],
  ["it hears the heartbeats", seen.is_online === true],
  ["it is told of a failure", String(seen.error).includes("500") && String(seen.error).includes("no words")],
  ["its agent joins the fleet, with what it says it does", guest.shown === "idle agent-protocol 0.3"],
  ["its question is in the inbox", guest.question === "Which file?"],
  ["its task is done, by evidence", guest.states === "stored,delivered,injected,seen,applied"],
  ["its answer is the transcript", guest.answer === "You want all of them, and said: ask me"],
  ["it is told of its failure", guest.failure === "failed: handler error (500)"],
  [
    "a stop is refused",
    guest.stop === "refused: the agent protocol has no stop: do that where the agent runs",
  ],
  ["it is silent while its program stands still", guest.still === "silent"],
  ["it is back when its program goes on", guest.back === "idle"],
  ["it is gone when its program ends", guest.end === "disconnected"],
];
for (const [what, holds] of checks) process.stdout.write(`${holds ? "ok  " : "bad "} ${what}\n`);
if (checks.some(([, holds]) => !holds)) {
  process.stderr.write(`${stdout}${stderr}${JSON.stringify(guest, null, 2)}\n`);
  process.exitCode = 1;
}

await agentsBus.close();

/** An agent of Synadia's own host, as a person sees and uses it with the commands. */
async function driveGuest(program: string) {
  const id = "peer_box_echo_kim_main";
  const run = async (...args: string[]) => await runCliai([...args, "--data-dir", serve.dataDir]);
  const json = async (...args: string[]) => JSON.parse((await run(...args, "--json")).stdout);
  const added = await run("peers", "add", "box", "--may-serve");
  const env = { ...process.env, NATS_URL: serve.natsUrl, NATS_CREDS: added.stdout.trim() };
  await using host = await startChild(program, [join(import.meta.dirname, "host.py")], { env });
  const view = async () => {
    const fleet = (await json("ls", "--all")) as { agent_id: string; status: string }[];
    return fleet.find(({ agent_id }) => agent_id === id);
  };
  await until("it is in the fleet", async () => (await view())?.status === "idle");
  const { status, cli, cli_version } = await json("show", id);
  const sending = run("send", "task", id, "ask me", "--wait", "applied", "--timeout", "60", "--json");
  const request = await until("it asks", async () => (await json("inbox"))[0]);
  await run("answer", request.request_id, "all of them");
  const lines = (await sending).stdout.trim().split("\n");
  const states = lines.map((line) => JSON.parse(line).state).join();
  const answer = (await run("log", id, "--last")).stdout.trim();
  const lastOf = async (...args: string[]) => {
    const { stdout } = await run("send", ...args, "--wait", "applied", "--timeout", "60", "--json");
    const { state, detail } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
    return `${state}: ${detail}`;
  };
  const failure = await lastOf("task", id, "fail it");
  const stop = await lastOf("stop", id);
  const reach = async (wanted: string) =>
    await until(`it is ${wanted}`, async () => {
      const word = (await view())?.status;
      return word === wanted && word;
    });
  // It is still connected, and only its heartbeats end.
  process.kill(host.pid, "SIGSTOP");
  const still = await reach("silent");
  process.kill(host.pid, "SIGCONT");
  const back = await reach("idle");
  host.endInput();
  const end = await reach("disconnected");
  const shown = `${status} ${cli} ${cli_version}`;
  return { shown, question: request.question, states, answer, failure, stop, still, back, end };
}

/** Installs the packages into a virtual environment of its own. Returns the path of its Python. */
function install(home: string): string {
  const environment = join(home, "python");
  const bin = join(environment, process.platform === "win32" ? "Scripts" : "bin", "python");
  const pinned = join(import.meta.dirname, "requirements.txt");
  const steps: readonly [string, ...string[]][] = [
    [python, "-m", "venv", environment],
    [bin, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", pinned],
  ];
  for (const [command, ...args] of steps) {
    const { status } = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
    if (status !== 0) throw new Error(`${[command, ...args].join(" ")} has failed`);
  }
  return bin;
}

async function findAgents(): Promise<number> {
  const bus = await connectBus({
    url: serve.natsUrl,
    credsPath: added.stdout.trim(),
    name: "find",
    log: silentLogger,
  });
  try {
    await bus.request("$SRV.INFO.agents", "", { timeoutMs: 1_000 });
    return 1;
  } catch {
    return 0; // nobody is announced yet
  } finally {
    await bus.close();
  }
}

/** An agent without a model: it asks which file, and answers with what it was told. */
async function startAgent(): Promise<Bus> {
  const bus = await connectBus({
    url: serve.natsUrl,
    credsPath: serve.credsPath,
    name: "agents",
    log: silentLogger,
  });
  const run = crypto.randomUUID();
  bus.subscribe("agent.ada.command", ({ data }) => {
    const { command_id, token, payload } = JSON.parse(new TextDecoder().decode(data));
    const store = (topic: string, body: object) => bus.publishStored(`agent.ada.${topic}`, body);
    const receipt = (state: string, detail?: string) =>
      store("receipt", { command_id, token, run, state, ...(detail === undefined ? {} : { detail }) });
    const work = async () => {
      for (const state of ["delivered", "injected", "seen"]) await receipt(state);
      if (payload.text === "fail it") return await receipt("failed", "it has no words");
      const question = { question: "Which file?", choices: ["README.md", "all"], wait_s: 60 };
      const { answer } = await agentOn(bus, "ada").result("ask_human", question);
      await store("event", { kind: "said", detail: `It is ${answer}.` });
      return await receipt("applied");
    };
    void work();
  });
  bus.publish("agent.ada.heartbeat", { status: "idle", instance_id: run, seq: 1, interval_s: 3_600 });
  await bus.flush();
  return bus;
}
