// Agents that the API launches: the real Claude Code, headless, there until stopped, and there again when serve is.
import { expect, test } from "bun:test";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { claudePath, prepareClaude } from "../support/claude-code.ts";
import { type RunningServe, type ServeOptions, startServe, untilApplied } from "../support/cliai.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

async function prepare(dir: TempDir, model: ModelServer): Promise<ServeOptions & { work: string }> {
  const { work, env } = await prepareClaude(dir, model);
  return { env, dataDir: dir.join("data"), work };
}

function post(serve: RunningServe, path: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return serve.fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function until(serve: RunningServe, id: string, what: string, fits: (agent: ShownAgent) => boolean) {
  const look = async () => {
    const agent = await fetchAgent(serve, id);
    return fits(agent) && agent;
  };
  return await waitFor(look, { what, saw: () => fetchAgent(serve, id) });
}

const launchedFiles = async (serve: RunningServe) =>
  (await readdir(serve.dataDir, { recursive: true })).filter((path) => path.endsWith("launched.json"));

/** The machine goes down: the server ends by this signal, and the agent's host with it. */
async function goDown(serve: RunningServe, signal: NodeJS.Signals, { pid }: { pid: number } = { pid: 0 }) {
  serve.child.kill(signal);
  await serve.child.exit();
  expect(pid).toBeGreaterThan(1);
  process.kill(pid, "SIGKILL");
}

interface Facts extends ShownAgent {
  readonly pid: number;
  readonly session_id: string;
}

test("an agent of the API works on its task, is back in its session when serve is, and is forgotten when stopped", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [
      { match: "count the files", once: true, turn: { text: "There are seven." } },
      { match: "think long", once: true, turn: { text: "Never said.", delayMs: 60_000 } },
      { match: "Go on where you were", turn: { text: "On it again." } },
    ],
  });
  const { work, ...options } = await prepare(dir, model);
  const config = dir.join("config.json");
  await Bun.write(config, JSON.stringify({ agents: { steered: { description: "for a test" } } }));
  const args = ["--config", config];
  const facts = (agent: ShownAgent) => agent as Facts;
  let before: Facts;
  {
    await using serve = await startServe({ ...options, args });
    expect(await (await serve.fetch("/api/profiles")).json()).toEqual([
      { name: "steered", description: "for a test" },
    ]);
    const order = { profile: "steered", project: work, id: "ada", task: "count the files" };
    const response = await post(serve, "/api/agents", order);
    expect([response.status, response.headers.get("location")]).toEqual([201, "/api/agents/ada"]);
    const { agent_id, command_id } = (await response.json()) as { agent_id: string; command_id: string };
    expect(agent_id).toBe("ada");
    const isDone = (agent: ShownAgent) => lifeOf(agent, command_id).length === 5;
    const done = await until(serve, "ada", "its task is done", isDone);
    expect(lifeOf(done, command_id).at(-1)).toBe("applied by result");
    expect(done).toMatchObject({ config_name: "steered", project_path: work });
    before = facts(done);
    expect((await post(serve, "/api/agents", order)).status).toBe(409);
    await goDown(serve, "SIGKILL", before);
    // As 0.1.0 wrote it, on a machine that has given the process's number to another since.
    const [path = ""] = await launchedFiles(serve);
    const launched = JSON.parse(await readFile(join(serve.dataDir, path), "utf8"));
    expect(launched.pid).toBeUndefined();
    await writeFile(join(serve.dataDir, path), JSON.stringify({ ...launched, pid: process.pid }));
  }
  const isBack = (agent: ShownAgent) => agent.status === "idle" && facts(agent).pid !== before.pid;
  {
    await using serve = await startServe({ ...options, args });
    const back = await until(serve, "ada", "it is back after serve was killed", isBack);
    expect(facts(back).session_id).toBe(before.session_id);
    // It was idle: there is nothing to go on with.
    expect(model.requests.filter(({ newText }) => newText.includes("Go on where you were"))).toEqual([]);
    await serve.run(["send", "task", "ada", "think long"]);
    await until(serve, "ada", "it thinks", ({ status }) => status === "working");
    before = facts(back);
    await goDown(serve, "SIGTERM", before);
  }
  // It was cut off, and goes on with the whole conversation before its model.
  await using serve = await startServe({ ...options, args });
  const goesOn = await model.waitForRequest(({ newText }) => newText.includes("Go on where you were"), {
    what: "the agent goes on",
  });
  expect(JSON.stringify(goesOn.body.messages)).toContain("There are seven.");
  const back = await until(serve, "ada", "it is back after serve was ended", isBack);
  expect(facts(back).session_id).toBe(before.session_id);

  expect(await launchedFiles(serve)).toEqual(["agents/ada/launched.json"]);
  expect(await serve.run(["send", "stop", "ada", ...untilApplied])).toMatchObject({
    code: 0,
  });
  await waitFor(async () => (await launchedFiles(serve)).length === 0, { what: "it is forgotten" });
});

test("an agent that stays idle over one restart after another is in its session still", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [{ match: "count the files", once: true, turn: { text: "There are seven." } }],
  });
  const { work, ...options } = await prepare(dir, model);
  const config = dir.join("config.json");
  await Bun.write(config, JSON.stringify({ agents: { steered: {} } }));
  const serving = { ...options, args: ["--config", config] };
  const runs: Facts[] = [];
  for (const end of ["SIGTERM", "SIGKILL", "SIGTERM"] as const) {
    await using serve = await startServe(serving);
    if (runs.length === 0) {
      const order = { profile: "steered", project: work, id: "ada", task: "count the files" };
      const response = await post(serve, "/api/agents", order);
      const { command_id } = (await response.json()) as { command_id: string };
      await until(serve, "ada", "its task is done", (agent) => lifeOf(agent, command_id).length === 5);
    }
    const isBack = (agent: ShownAgent) =>
      agent.status === "idle" && (agent as Facts).pid !== runs.at(-1)?.pid;
    runs.push((await until(serve, "ada", "it is idle", isBack)) as Facts);
    await goDown(serve, end, runs.at(-1));
  }
  const [first] = runs;
  expect(runs.map(({ session_id }) => session_id)).toEqual(runs.map(() => first?.session_id as string));
});

test("an agent that crashed is had again, however long its start takes, in a new session where the old one is gone", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [
      { match: "count the files", once: true, turn: { text: "There are seven." } },
      { match: "count them again", turn: { text: "Seven still." } },
    ],
  });
  const { work, ...options } = await prepare(dir, model);
  const config = dir.join("config.json");
  await Bun.write(config, JSON.stringify({ agents: { steered: {} } }));
  const serving = { ...options, args: ["--config", config] };
  let before: Facts;
  {
    await using serve = await startServe({ ...serving, env: { ...options.env, CLIAI_LOG: "info" } });
    const order = { profile: "steered", project: work, id: "ada", task: "count the files" };
    const response = await post(serve, "/api/agents", order);
    const { command_id } = (await response.json()) as { command_id: string };
    const isDone = (agent: ShownAgent) => lifeOf(agent, command_id).length === 5;
    before = (await until(serve, "ada", "its task is done", isDone)) as Facts;
    process.kill(before.pid, "SIGKILL");
    await serve.child.line("ada did not end in order (SIGKILL)", { from: "stderr" });
    expect(await launchedFiles(serve)).toEqual(["agents/ada/launched.json"]);
  }
  // The conversation is gone, and the start takes longer than an HTTP request may.
  await rm(dir.join("home", "claude", "projects"), { recursive: true });
  await mkdir(dir.join("bin"));
  const starts = dir.join("starts");
  const slow = `#!/bin/sh
echo "$*" >> "${starts}"
case "$*" in *--session-id*) sleep 25 ;; esac
exec "${claudePath()}" "$@"
`;
  await writeFile(dir.join("bin", "claude"), slow, { mode: 0o700 });
  const env = { ...options.env, PATH: `${dir.join("bin")}:${process.env.PATH}` };
  await using serve = await startServe({ ...serving, env });
  const isBack = (agent: ShownAgent) =>
    agent.status === "idle" && (agent as Facts).session_id !== before.session_id;
  const look = async () => {
    const agent = await fetchAgent(serve, "ada");
    return isBack(agent) && agent;
  };
  const saw = () => fetchAgent(serve, "ada");
  await waitFor(look, { what: "it is back in a new session", saw });
  expect(await readFile(starts, "utf8")).toContain(`--resume ${before.session_id}`);
  expect(serve.child.stderr).toContain(
    `ada begins a new session: its last one (${before.session_id}) no longer exists`,
  );
  expect(await launchedFiles(serve)).toEqual(["agents/ada/launched.json"]);
  const sent = await serve.run(["send", "task", "ada", "count them again", ...untilApplied]);
  expect(sent).toMatchObject({ code: 0 });
});

test("what cannot be launched is refused in a line, or told with its exit code and last words", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer();
  const { work, ...options } = await prepare(dir, model);
  await using serve = await startServe({ ...options, env: { ...options.env, PATH: "/usr/bin:/bin" } });
  const refused = async (order: unknown) => {
    const response = await post(serve, "/api/agents", order);
    const { error } = (await response.json()) as { error: { message: string; hint?: string } };
    return `${response.status} ${error.message}${error.hint === undefined ? "" : `; ${error.hint}`}`;
  };
  expect(await refused({ profile: "demmo" })).toBe('400 no profile "demmo"; did you mean demo?');
  expect(await refused({})).toStartWith("400 ");
  expect(await refused({ profile: "demo", project: "/no/such/place" })).toContain(
    '"/no/such/place" is not a directory',
  );
  expect(await refused({ profile: "demo", project: `${work}\u0000` })).toContain("control characters");
  expect(await refused({ profile: "demo", id: "../x" })).toContain("an agent id is");
  expect(await refused({ profile: "demo", task: "x".repeat(100_001) })).toContain("longer than 100,000");
  expect(await refused({ profile: "demo", more: 1 })).toContain('unknown field "more"');
  const failed = await refused({ profile: "demo", project: work, id: "bob", task: "count the files" });
  expect(failed).toMatch(/^500 bob did not start \(exit code 2\): .*cannot start claude/);
  expect(failed).toContain("npm install -g @anthropic-ai/claude-code");
  expect(await launchedFiles(serve)).toEqual([]);
  const bob = await until(serve, "bob", "its task has failed", ({ commands }) => commands.length > 0);
  expect(bob).toMatchObject({
    status: "failed_to_start",
    axes: { activity: { reason: "cannot start claude: there is no such program on PATH" } },
    commands: [
      {
        ...{ type: "task", from: "its launch", summary: "count the files" },
        receipts: [{ state: "failed", detail: expect.stringContaining("cannot start claude") }],
      },
    ],
  });
});

test("a launch that ends before its agent is there is told in the fleet as well, with its task", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer();
  const { work, ...options } = await prepare(dir, model);
  // A host that ends before it can tell anything: its folder is not one.
  await mkdir(join(options.dataDir ?? "", "agents"), { recursive: true });
  await writeFile(join(options.dataDir ?? "", "agents", "cy"), "");
  await using serve = await startServe(options);
  const order = { profile: "demo", project: work, id: "cy", task: "count the files" };
  expect((await post(serve, "/api/agents", order)).status).toBe(500);
  const cy = await until(serve, "cy", "it has failed to start", ({ status }) => status === "failed_to_start");
  expect(cy.axes.activity.reason).toContain("cy did not start (exit code ");
  expect(cy.commands).toMatchObject([{ summary: "count the files", receipts: [{ state: "failed" }] }]);
});
