// The ways of driving the real Claude Code that other tests build on: a headless run, and an interactive one on a terminal.
import { expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { claudeEnvironment, claudePath, runClaude } from "./claude-code.ts";
import { startModelServer } from "./model-server.ts";
import { tempDir } from "./temp-dir.ts";
import { startTmux } from "./tmux.ts";
import { waitFor } from "./wait-for.ts";

async function arrange() {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const model = starting.use(await startModelServer());
  const cwd = dir.join("work");
  const log = dir.join("tiny.log");
  await mkdir(cwd);
  const tiny = {
    command: process.execPath,
    args: [join(import.meta.dirname, "tiny-mcp-server.ts")],
    env: { TINY_MCP_LOG: log },
    alwaysLoad: true,
  };
  await writeFile(dir.join("mcp.json"), JSON.stringify({ mcpServers: { tiny } }));
  const env = await claudeEnvironment({ home: dir.join("home"), workDirs: [cwd], modelServerUrl: model.url });
  const running = starting.move();
  return {
    model,
    cwd,
    dir: dir.path,
    env,
    mcpArgs: ["--mcp-config", dir.join("mcp.json"), "--strict-mcp-config", "--allowedTools", "mcp__tiny"],
    events: async () => {
      const lines = (await readFile(log, "utf8")).trim().split("\n");
      return lines.map((line): { at: number; event: string; detail?: unknown } => JSON.parse(line));
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

test("claude -p calls the tool that the scripted model asks for, and reaches nothing but the model server", async () => {
  await using stage = await arrange();
  const { model, cwd, env, mcpArgs, events } = stage;
  const session = randomUUID();
  model.setScript({
    turns: [
      { toolUses: [{ name: "mcp__tiny__note", input: { text: "from the model" } }] },
      ({ newText }) => ({ text: `I read: ${newText}` }),
    ],
  });
  const run = await runClaude(["-p", "Take a note.", "--session-id", session, ...mcpArgs], { cwd, env });
  expect(run).toMatchObject({ code: 0, stderr: "" });
  expect(run.stdout).toContain("I read: noted: from the model");
  expect(model.requests[0]?.body.tools.map(({ name }) => name)).toContain("mcp__tiny__note");
  expect(new Set(model.calls)).toEqual(new Set(["POST /v1/messages"]));
  const seen = await events();
  expect(seen).toContainEqual(
    expect.objectContaining({ event: "start", detail: expect.objectContaining({ session }) }),
  );
  expect(seen).toContainEqual(expect.objectContaining({ event: "note", detail: "from the model" }));
});

test("an interactive claude takes typed prompts on a terminal and shows the model's answers", async () => {
  await using stage = await arrange();
  const { model, cwd, dir, env, mcpArgs, events } = stage;
  model.setScript({
    rules: [
      { match: "take a note", turn: { toolUses: [{ name: "mcp__tiny__note", input: { text: "typed" } }] } },
      { match: "noted: typed", turn: { text: "It is written down." } },
    ],
  });
  await using terminal = await startTmux({ dir, cwd, env, commandLine: [claudePath(), ...mcpArgs] });
  await terminal.waitFor("❯");
  await terminal.enter("please take a note");
  await terminal.waitFor("It is written down.");
  await terminal.enter("/exit");
  expect(await terminal.exit()).toBe(0);
  await waitFor(async () => (await events()).some(({ event }) => event === "SIGINT"), {
    what: "the server's SIGINT",
  });
});
