// A captain launches an agent by its tool: the real Claude Code, which works on the task and ends.

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import type { Child } from "../support/child.ts";
import { claudeEnvironment, prepareClaude } from "../support/claude-code.ts";
import { runCliai, startServe } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { startModelServer } from "../support/model-server.ts";
import { bash, descendantRunning } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const report = { name: "mcp__cliai__report_status", input: { status: "working", current_task: "TASK-77" } };

let calls = 100;

/** All that the captain has been handed, once these words are in it. */
async function inboxUntil(captain: Child, words: string): Promise<string> {
  let all = "";
  const look = async () => {
    all += (await callTool(captain, calls++, "check_inbox", {})).text;
    return all.includes(words) && all;
  };
  return await waitFor(look, {
    what: `the captain is told "${words}"`,
    intervalMs: 200,
    saw: () => all,
  });
}

test("a captain's agent connects, works on its task and ends; a plain agent may launch none", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [{ match: "TASK-77", once: true, turn: { toolUses: [report] } }],
    fallback: { text: "done" },
  });
  const home = dir.join("home");
  const work = dir.join("work");
  await mkdir(work);
  const env = await claudeEnvironment({ home, workDirs: [work], modelServerUrl: model.url });
  await using serve = await startServe({ env });
  await using captain = await startBridge(serve, "cap", undefined, "captain");
  await initialize(captain);
  const args = { profile: "demo", task: "TASK-77 count the files", project: work };
  const launched = await callTool(captain, 1, "spawn_agent", args);
  expect(launched).toMatchObject({ isError: false });
  const { agent_id } = JSON.parse(launched.text) as { agent_id: string };
  expect(agent_id).toMatch(/^Demo-\d{4}$/);

  const ended = await waitFor(
    async () => {
      const agent = await fetchAgent(serve, agent_id);
      return agent.status === "ended" && agent;
    },
    { what: "the agent has done its task and said goodbye" },
  );
  expect(ended).toMatchObject({ current_task: "TASK-77", config_name: "demo" });
  const told = await inboxUntil(captain, "has ended");
  expect(told).toContain(`${agent_id}, which you launched with \\"TASK-77 count the files\\", has ended (`);
  expect(told).toContain("because its work was done).\\nIts last words: done");

  const unknown = await callTool(captain, 2, "spawn_agent", { profile: "demmo", task: "x" });
  expect(unknown).toMatchObject({ isError: true, text: expect.stringContaining("did you mean demo?") });
  const nowhere = await callTool(captain, 3, "spawn_agent", { ...args, project: `${work}/nowhere` });
  expect(nowhere).toMatchObject({
    isError: true,
    text: expect.stringContaining('nowhere" is not a directory'),
  });
  const long = await callTool(captain, 4, "spawn_agent", { ...args, task: "é".repeat(70_000) });
  expect(long).toMatchObject({ isError: true, text: expect.stringContaining("the task has 140000 bytes") });
  await using plain = await startBridge(serve, "plain");
  await initialize(plain);
  plain.write(
    `${JSON.stringify({ jsonrpc: "2.0", id: 9, method: "tools/call", params: { name: "spawn_agent", arguments: args } })}\n`,
  );
  expect(await plain.line(/"id":9[,}]/)).toContain('"error"');
  expect(await serve.run(["ls", "--json"]).then(({ stdout }) => JSON.parse(stdout).length)).toBe(3);
});

test("a captain's agent on a node works on its task there, is stopped when it is done, and the captain is told", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [{ match: "TASK-79", once: true, turn: { text: "There are seven." } }],
  });
  const { work, env } = await prepareClaude(dir, model);
  await using serve = await startServe();
  await using captain = await startBridge(serve, "cap", undefined, "captain");
  await initialize(captain);
  const args = { profile: "demo", task: "TASK-79 count the files", project: work, node: "laptop" };
  const nowhere = await callTool(captain, 1, "spawn_agent", args);
  expect(nowhere).toMatchObject({
    isError: true,
    text: expect.stringContaining('there is no node "laptop"'),
  });
  // What was refused at once has left no agent.
  expect(JSON.parse((await serve.run(["ls", "--json"])).stdout)).toHaveLength(1);

  const { code, url } = JSON.parse((await serve.run(["join-code", "--spawn", "--json"])).stdout);
  const there = (...words: readonly string[]) =>
    runCliai([...words, "--data-dir", dir.join("there")], { env: { ...env, CLIAI_HEARTBEAT: "0.5" } });
  expect(await there("join", url, code, "--name", "laptop")).toMatchObject({ code: 0 });
  try {
    const nodes = async () => JSON.parse((await serve.run(["nodes", "--json"])).stdout);
    await waitFor(async () => (await nodes())[0]?.state === "here", { what: "the node is here" });
    const launched = await callTool(captain, 2, "spawn_agent", args);
    expect(launched).toMatchObject({ isError: false });
    const { agent_id } = JSON.parse(launched.text) as { agent_id: string };
    const told = await inboxUntil(captain, "There are seven.");
    expect(told).toContain(
      `${agent_id}, which you launched with \\"TASK-79 count the files\\", is stopped (`,
    );
    expect(existsSync(dir.join("there", "agents", agent_id))).toBe(true);
    // It is removed a moment after the captain was told.
    await waitFor(() => !existsSync(`${serve.dataDir}/agents/${agent_id}/launched-for.json`), {
      what: "the captain is told once",
    });
  } finally {
    await there("down", "--agents");
  }
});

test("what a captain's agent wants to do is asked in the inbox, also of the captain, who decides it", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [{ match: "TASK-78", once: true, turn: bash("touch made") }],
    fallback: { text: "done" },
  });
  const { work, env } = await prepareClaude(dir, model);
  await using serve = await startServe({ env });
  await using captain = await startBridge(serve, "cap", undefined, "captain");
  await initialize(captain);
  const args = { profile: "demo", task: "TASK-78 make it", project: work };
  const launched = await callTool(captain, 1, "spawn_agent", args);
  const { agent_id } = JSON.parse(launched.text) as { agent_id: string };
  const requests = async () =>
    JSON.parse((await serve.run(["inbox", "--json"])).stdout) as { request_id: string; kind: string }[];
  const [request] = await waitFor(
    async () => {
      const all = await requests();
      return all.length > 0 && all;
    },
    { what: "its permission is asked" },
  );
  expect(request).toMatchObject({ agent_id, kind: "permission" });
  expect(existsSync(`${work}/made`)).toBe(false);
  await inboxUntil(captain, `request ${request?.request_id}`);
  const decision = { request_id: request?.request_id, decision: "approve", reason: "it is harmless" };
  expect(await callTool(captain, 2, "decide", decision)).toMatchObject({ isError: false });
  expect(await inboxUntil(captain, "has ended")).toContain("because its work was done)");
  expect(existsSync(`${work}/made`)).toBe(true);
  const list = await callTool(captain, 3, "list_agents", {});
  const { agents } = JSON.parse(list.text) as { agents: { agent_id: string }[] };
  expect(agents.find((each) => each.agent_id === agent_id)).toMatchObject({
    ...{ status: "ended", why: expect.stringContaining("because its work was done") },
  });
});

test("a captain is told how its agent has ended, also if no server ran at that time", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [{ match: "TASK-79", once: true, turn: { text: "Slowly done.", delayMs: 3_000 } }],
    fallback: { text: "done" },
  });
  const { work, env } = await prepareClaude(dir, model);
  const options = { env, dataDir: dir.join("data") };
  await using parts = new AsyncDisposableStack();
  const first = parts.use(await startServe(options));
  await using captain = await startBridge(first, "cap", undefined, "captain");
  await initialize(captain);
  const args = { profile: "demo", task: "TASK-79 take your time", project: work };
  const launched = await callTool(captain, 1, "spawn_agent", args);
  const { agent_id } = JSON.parse(launched.text) as { agent_id: string };
  const { pid = 0 } = await fetchAgent(first, agent_id);
  expect(pid).toBeGreaterThan(0);
  first.child.kill("SIGKILL");
  await first.child.exit();
  // Its host ends as one that is killed, because it works on until a server takes its goodbye. Its bridge does, too: it takes the place of
  // its host some seconds later, and would say that the agent is disconnected, where its CLI ends more slowly than that.
  const bridge = await waitFor(() => descendantRunning(pid, "bridge"), { what: "its bridge" });
  process.kill(pid, "SIGKILL");
  process.kill(bridge, "SIGKILL");
  parts.use(await startServe(options));
  const told = await inboxUntil(captain, `${agent_id}, which you launched`);
  expect(told).toContain(`${agent_id}, which you launched with \\"TASK-79 take your time\\", is crashed (`);
});

test("what a captain launches in vain is in the fleet, with its task", async () => {
  await using dir = await tempDir();
  await using serve = await startServe({ env: { PATH: "/usr/bin:/bin", HOME: dir.path } });
  await using captain = await startBridge(serve, "cap", undefined, "captain");
  await initialize(captain);
  const args = { profile: "demo", task: "count the files", project: dir.path };
  const launched = await callTool(captain, 1, "spawn_agent", args);
  expect(launched).toMatchObject({ isError: true, text: expect.stringContaining("cannot start claude") });
  const failed = await waitFor(
    async () => {
      const { stdout } = await serve.run(["ls", "--json"]);
      const agents = JSON.parse(stdout) as { status: string; agent_id: string }[];
      return agents.find(({ status }) => status === "failed_to_start");
    },
    { what: "it is in the fleet" },
  );
  expect((await fetchAgent(serve, failed.agent_id)).commands).toMatchObject([
    {
      ...{ type: "task", from: "its launch", summary: "count the files" },
      receipts: [{ state: "failed", detail: "cannot start claude: there is no such program on PATH" }],
    },
  ]);
});
