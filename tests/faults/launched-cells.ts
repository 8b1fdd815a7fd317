// An agent that serve has launched, the real Claude Code, when serve ends in the middle of its work, and what it finds when it is
// launched again. It must be back, with an end for each task that it had, and nobody else's process may be touched.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAgentHeld } from "../../src/data-dir/agent-lock.ts";
import { silentLogger } from "../../src/log.ts";
import { endOrphan } from "../../src/nats/child/leftover-server.ts";
import { readProcessStart } from "../../src/processes/process-start.ts";
import { ada as id } from "../support/agents.ts";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { type Child, startChild } from "../support/child.ts";
import { claudePath, prepareClaude } from "../support/claude-code.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import type { LaunchedStep, ServeEnd } from "./restart-cells.ts";
import { verifyFleetAudit } from "./verify-fleet-audit.ts";

/** A launch that a person waits for has 24 s. */
const slowStartS = 26;
const backWithinMs = 90_000;

const rules = [
  { match: "think long", once: true, turn: { text: "Never said.", delayMs: 300_000 } },
  { match: "Go on where you were", turn: { text: "The first is done." } },
  { match: "the second", turn: { text: "The second is done." } },
] as const;

interface Facts extends ShownAgent {
  readonly pid: number;
  readonly session_id: string;
}

interface Place {
  readonly dir: TempDir;
  readonly dataDir: string;
  /** As long as this file is there, each start of the CLI in an earlier session takes {@link slowStartS}. */
  readonly slowPath: string;
  start(): Promise<RunningServe>;
}

export async function runLaunched(end: ServeEnd, step: LaunchedStep): Promise<object> {
  await using dir = await tempDir();
  await using model = await startModelServer({ rules });
  const place = await prepare(dir, model, step);
  const { before, files } = await liveAndEnd(place, model, end);
  await using bystander = await startChild("sleep", ["900"], { stdin: "ignore" });
  await meddle(place, files, step, bystander);

  await using serve = await place.start();
  const startedMs = performance.now();
  const isNew = step === "resume refused";
  const wanted = isNew ? "failed applied" : "applied applied";
  const ends = ({ commands }: ShownAgent) =>
    ["first", "second"].map((each) =>
      commands.find(({ command_id }) => command_id === each)?.receipts.at(-1),
    );
  const after = await until(serve, `${id} is back, and its tasks have ended: ${wanted}`, (agent) => {
    const states = ends(agent).map((last) => last?.state);
    return agent.status === "idle" && (agent as Facts).pid !== before.pid && states.join(" ") === wanted;
  });
  const back_ms = Math.round(performance.now() - startedMs);
  requireRight(after as Facts, before, step, { model, startedMs, ends: JSON.stringify(ends(after)) });
  if ((await readProcessStart(bystander.pid)) === undefined)
    throw new Error("another program's process was ended");
  const launched = JSON.parse(await readFile(join(place.dataDir, "agents", id, "launched.json"), "utf8"));
  if (launched.session_id !== (after as Facts).session_id)
    throw new Error(`launched.json: ${launched.session_id}`);
  const { records } = await verifyFleetAudit({ serve: { current: () => serve } });
  return { back_ms, ends: wanted, records };
}

async function prepare(dir: TempDir, model: ModelServer, step: LaunchedStep): Promise<Place> {
  const { env: home } = await prepareClaude(dir, model);
  const slowPath = dir.join("slow");
  await mkdir(dir.join("bin"));
  const claude = `#!/bin/sh
if [ -e "${slowPath}" ]; then case "$*" in *--resume*) sleep ${slowStartS} ;; esac; fi
exec "${claudePath()}" "$@"
`;
  await writeFile(dir.join("bin", "claude"), claude, { mode: 0o700 });
  const env = { ...home, PATH: `${dir.join("bin")}:${home.PATH}` };
  const config = dir.join("config.json");
  await writeFile(config, JSON.stringify({ agents: { steered: {} } }));
  const dataDir = dir.join("data");
  // Where nobody can go on, the test does not wait for long; elsewhere a busy machine needs its time.
  const args = ["--config", config, "--resume-window", step === "resume refused" ? "10s" : "10m"];
  return { dir, dataDir, slowPath, start: () => startServe({ dataDir, env, args }) };
}

/** What names processes in the data directory while all runs, by its path. */
type Files = ReadonlyMap<string, Record<string, unknown>>;

/** One task is seen, the other waits in the session's own queue, when serve ends. */
async function liveAndEnd(
  { dir, dataDir, start }: Place,
  model: ModelServer,
  end: ServeEnd,
): Promise<{ readonly before: Facts; readonly files: Files }> {
  await using serve = await start();
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ profile: "steered", project: dir.join("work"), id });
  const response = await serve.fetch("/api/agents", { method: "POST", headers, body });
  if (response.status !== 201) throw new Error(`the launch: ${response.status} ${await response.text()}`);
  await serve.run(["send", "task", id, "think long", "--id", "first"]);
  await until(serve, "the first is seen", (agent) => lifeOf(agent, "first").at(-1) === "seen");
  await model.waitForRequest(({ newText }) => newText.includes("[cliai task first]"), { what: "its model" });
  await serve.run(["send", "task", id, "the second", "--id", "second"]);
  const isHanded = (agent: ShownAgent) => lifeOf(agent, "second").at(-1) === "injected by stream-json";
  const before = (await until(serve, "the second is handed over", isHanded)) as Facts;

  const paths = [join("agents", id, "run.json"), join("nats", "run.json"), "serve.json"];
  const files = new Map<string, Record<string, unknown>>();
  for (const path of paths) files.set(path, JSON.parse(await readFile(join(dataDir, path), "utf8")));
  serve.child.kill(end);
  await serve.child.exit();
  process.kill(before.pid, end);
  await waitFor(() => !isAgentHeld(dataDir, id), { what: "its host has ended" });
  // As after the end of the whole machine.
  await endOrphan(join(dataDir, "nats"), silentLogger);
  return { before, files };
}

async function meddle(place: Place, files: Files, step: LaunchedStep, bystander: Child): Promise<void> {
  const { dir, dataDir, slowPath } = place;
  if (step === "resume refused") await rm(dir.join("home", "claude", "projects"), { recursive: true });
  if (step === "slow start") await writeFile(slowPath, "");
  if (step !== "pid reused" && step !== "other boot") return;
  const { pid } = bystander;
  const started = await startOf(pid, step);
  const process = { pid, ...(started === undefined ? {} : { started }) };
  for (const [path, content] of files) {
    const changed =
      "cli" in content ? { ...content, cli: process, host: process } : { ...content, ...process };
    // Its port stays: nobody answers there.
    await writeFile(join(dataDir, path), JSON.stringify(changed), { mode: 0o600 });
  }
  const launched = join(dataDir, "agents", id, "launched.json");
  await writeFile(launched, JSON.stringify({ ...JSON.parse(await readFile(launched, "utf8")), pid }));
}

/** Such that it is not the process that is meant: begun at another time of this boot, or at the same time of another boot. */
async function startOf(pid: number, step: "pid reused" | "other boot"): Promise<string | undefined> {
  const started = await readProcessStart(pid);
  if (started === undefined) throw new Error(`the system tells no start of process ${pid}`);
  if (step === "other boot") return started.replace(/^[0-9a-f-]{36} /, `${crypto.randomUUID()} `);
  return started.replace(/\d+$/, (ticks) => String(Number(ticks) - 1_000));
}

function requireRight(
  after: Facts,
  before: Facts,
  step: LaunchedStep,
  {
    model,
    startedMs,
    ends,
  }: { readonly model: ModelServer; readonly startedMs: number; readonly ends: string },
): void {
  const faults: string[] = [];
  const isNew = after.session_id !== before.session_id;
  if (isNew !== (step === "resume refused"))
    faults.push(`it is in ${isNew ? "a new session" : "its old session"}`);
  const promptsOf = (task: string) =>
    model.requests.filter(({ newText, isSide }) => !isSide && newText.includes(`[cliai task ${task}]`));
  if (promptsOf("first").length !== 1) faults.push(`the first was begun ${promptsOf("first").length} times`);
  const seconds = promptsOf("second").map(({ newText }) => newText);
  if (seconds.length !== 1 || !seconds[0]?.includes("It may have been given to you before"))
    faults.push(`the second was given as ${JSON.stringify(seconds)}`);
  if (isNew && !ends.includes("the session ended")) faults.push(`the first ended otherwise: ${ends}`);
  if (step === "slow start" && performance.now() - startedMs < slowStartS * 1_000)
    faults.push("it was not slow");
  if (faults.length > 0) throw new Error(faults.join("; "));
}

async function until(
  serve: RunningServe,
  what: string,
  fits: (agent: ShownAgent) => boolean,
): Promise<ShownAgent> {
  const saw = () => fetchAgent(serve, id).catch(() => undefined);
  const look = async () => {
    const agent = await saw();
    return agent !== undefined && fits(agent) && agent;
  };
  return await waitFor(look, { what, deadlineMs: backWithinMs, intervalMs: 100, saw });
}
