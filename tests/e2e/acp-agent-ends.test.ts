// How an agent that speaks ACP ends in its turn: what the fleet is told, and that its task waits for its next run.
import { expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { readRunFile, readUnsent } from "../../src/data-dir/run-file.ts";
import { ada } from "../support/agents.ts";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import type { Child } from "../support/child.ts";
import { type RunningServe, startCliai, startServe } from "../support/cliai.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** Speaks ACP until its first prompt. */
const closingOutput = `#!/bin/sh
while read -r line; do
  id=$(echo "$line" | sed -n 's/.*"id":\\([0-9]*\\).*/\\1/p')
  case "$line" in
    *'"initialize"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":1,"agentCapabilities":{}}}' ;;
    *'"session/new"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"sessionId":"s1"}}' ;;
    *'"session/prompt"'*) exec sleep 600 >&- ;;
  esac
done
`;

/** Its work is done by a child of its own, which says at its end that the turn was cancelled; as Qwen Code 0.24 does it. */
const speakingByChild = `#!${process.execPath}
const { spawn } = require("node:child_process");
if (process.env.IS_CHILD === undefined) {
  spawn(process.execPath, [__filename], { stdio: "inherit", env: { ...process.env, IS_CHILD: "1" } });
  setInterval(() => {}, 1e6);
} else {
  const answer = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n");
  let prompt;
  const end = () => {
    answer(prompt, { stopReason: "cancelled" });
    setTimeout(() => process.exit(0), 500);
  };
  const lines = require("node:readline").createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    const { id, method } = JSON.parse(line);
    if (method === "initialize") answer(id, { protocolVersion: 1, agentCapabilities: {} });
    if (method === "session/new") answer(id, { sessionId: "s1" });
    if (method === "session/prompt") prompt = id;
  });
  lines.on("close", end);
  process.on("SIGTERM", end);
}
`;

/** Ends its turn once the file `go` is there, and then itself. */
const endingAfterTurn = `#!${process.execPath}
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method } = JSON.parse(line);
  if (method === "initialize") send({ id, result: { protocolVersion: 1, agentCapabilities: {} } });
  if (method === "session/new") send({ id, result: { sessionId: "s1" } });
  if (method !== "session/prompt") return;
  const content = { type: "text", text: "I dig." };
  send({ method: "session/update", params: { sessionId: "s1", update: { sessionUpdate: "agent_message_chunk", content } } });
  const looking = setInterval(() => {
    if (!require("node:fs").existsSync("go")) return;
    clearInterval(looking);
    send({ id, result: { stopReason: "end_turn" } });
    setTimeout(() => process.exit(0), 300);
  }, 50);
});
`;

interface Scene {
  readonly work: string;
  readonly serve: RunningServe;
  readonly child: Child;
  readonly agent: () => Promise<ShownAgent>;
}

/** Runs with an agent of that program which has the task `t1`. */
async function withAgent(script: string, act: (scene: Scene) => Promise<void>): Promise<void> {
  await using dir = await tempDir();
  const [work, program, config] = [dir.join("work"), dir.join("mine"), dir.join("config.json")];
  await mkdir(work);
  await writeFile(program, script, { mode: 0o700 });
  const profile = { cli: "acp:mine", acp: { command: program } };
  await writeFile(config, JSON.stringify({ agents: { mine: profile } }));
  await using serve = await startServe({ dataDir: dir.join("data") });
  const args = ["--data-dir", serve.dataDir, "--config", config, "--project", work];
  await using child = await startCliai(["spawn", "mine", "--id", ada, "--headless", ...args]);
  const agent = () => fetchAgent(serve, ada);
  await waitFor(async () => (await agent()).status === "idle", { what: "it is idle", saw: agent });
  const sent = await serve.run(["send", "task", ada, "dig", "--id", "t1", "--wait", "stored"]);
  expect(sent.code).toBe(0);
  const hasIt = async () => lifeOf(await agent(), "t1").includes("injected by acp");
  await waitFor(hasIt, { what: "it has its task", saw: agent });
  await act({ work, serve, child, agent });
}

/** Nothing shows that its model had the task, so that the next run gets it. */
async function expectWaiting(agent: Scene["agent"]): Promise<void> {
  expect(lifeOf(await agent(), "t1")).toEqual(["stored", "delivered", "injected by acp"]);
  expect(await agent()).toMatchObject({ queued: 1 });
}

test("an agent that closes its output in its turn, and runs on, has crashed, and is ended", async () => {
  await withAgent(closingOutput, async ({ child, agent }) => {
    await waitFor(async () => (await agent()).status === "crashed", { what: "it has crashed", saw: agent });
    const { reason } = (await agent()).axes.link;
    expect(reason).toContain("its CLI crashed: it closed its output and ran on");
    await expectWaiting(agent);
    expect((await child.exit()).code).toBe(143);
  });
});

test("an agent whose process is killed while a child of it works: the child's last words do not fail the task", async () => {
  await withAgent(speakingByChild, async ({ serve, child, agent }) => {
    const { cli } = (await readRunFile(serve.dataDir, ada)) ?? {};
    if (cli === undefined) throw new Error("no run of ada");
    process.kill(cli.pid, "SIGKILL");
    await waitFor(async () => (await agent()).status === "crashed", { what: "it has crashed", saw: agent });
    await expectWaiting(agent);
    await child.exit();
  });
});

test("an agent whose host is told to end in its turn: its last words do not fail the task", async () => {
  await withAgent(speakingByChild, async ({ child, agent }) => {
    child.kill("SIGTERM");
    await child.exit();
    await waitFor(async () => (await agent()).status === "disconnected", { what: "it has gone", saw: agent });
    await expectWaiting(agent);
  });
});

test("an agent that ends while the server is away: the next one knows that its task is done, and how it has ended", async () => {
  await withAgent(endingAfterTurn, async ({ work, serve, child, agent }) => {
    await waitFor(async () => lifeOf(await agent(), "t1").includes("seen"), { what: "it works", saw: agent });
    const [port = 0, natsPort = 0] = [serve.url, serve.natsUrl].map((url) => Number(new URL(url).port));
    serve.child.kill("SIGTERM");
    await serve.child.exit();
    await writeFile(`${work}/go`, "");
    expect((await child.exit()).code).toBe(0);
    await using next = await startServe({ dataDir: serve.dataDir, port, natsPort });
    const shown = () => fetchAgent(next, ada);
    await waitFor(async () => (await shown()).status === "ended", { what: "its end is known", saw: shown });
    expect(lifeOf(await shown(), "t1").at(-1)).toBe("applied by result");
    const unsent = () => readUnsent(serve.dataDir, ada);
    await waitFor(async () => (await unsent()).length === 0, {
      what: "nothing is left to send",
      saw: unsent,
    });
  });
});
