// cliai spawn on a terminal: a person starts the real Claude Code, types to it, sends it a task from another terminal, ends it.
import { expect, test } from "bun:test";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchAgent } from "../support/bridges.ts";
import { claudeEnvironment } from "../support/claude-code.ts";
import { cliaiCommand, startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { startSteered } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTmux } from "../support/tmux.ts";
import { waitFor } from "../support/wait-for.ts";

test("the real Claude Code on a terminal reports, is handed a task, acknowledges it, and says goodbye", async () => {
  await using serve = await startServe();
  await using dir = await tempDir();
  await using model = await startModelServer();
  const cwd = dir.join("work");
  await mkdir(cwd);
  const env = await claudeEnvironment({ home: dir.join("home"), workDirs: [cwd], modelServerUrl: model.url });
  const callTool = (name: string, input: object) => ({
    toolUses: [{ name: `mcp__cliai__${name}`, input: { ...input } }],
  });
  model.setScript({
    rules: [
      {
        match: "begin your work",
        turn: callTool("report_status", { status: "working", current_task: "the crossword" }),
      },
      { match: "status recorded", turn: { text: "I have begun." } },
      {
        match: "solve 4 down",
        turn: ({ newText }) => {
          const command_id = /\[cliai task ([\w-]+)\]/.exec(newText)?.[1];
          return callTool("acknowledge", { command_id, outcome: "applied", note: "it is OTTER" });
        },
      },
      { match: "recorded as applied", turn: { text: "Four down is solved." } },
    ],
  });
  const spawn = ["spawn", "demo", "--id", "ada", "--data-dir", serve.dataDir];
  await using terminal = await startTmux({
    ...{ dir: dir.path, cwd, env },
    commandLine: [...cliaiCommand(), ...spawn],
  });
  const ada = () => fetchAgent(serve, "ada");
  await terminal.waitFor("❯");
  await waitFor(async () => (await ada()).axes.link.value === "online", { what: "ada is online", saw: ada });

  await terminal.enter("please begin your work");
  await terminal.waitFor("I have begun.");
  const isIdle = async () => (await ada()).status === "idle";
  await waitFor(isIdle, { what: "its turn is over", saw: ada });
  expect((await ada()).current_task).toBe("the crossword");

  const sent = await serve.run(["send", "task", "ada", "solve 4 down", ...untilApplied]);
  expect(sent.code).toBe(0);
  await terminal.waitFor("Four down is solved.");
  const isApplied = async () => (await ada()).commands[0]?.receipts.length === 5;
  await waitFor(isApplied, { what: "its receipts", saw: ada });
  const receipts = (await ada()).commands[0]?.receipts;
  expect(receipts).toMatchObject([
    { state: "stored" },
    { state: "delivered" },
    { state: "injected", route: "terminal" },
    { state: "seen" },
    { state: "applied", route: "acknowledge", detail: "it is OTTER" },
  ]);

  await terminal.enter("/exit");
  expect(await terminal.exit()).toBe(0);
  const isGone = async () => (await ada()).axes.link.value === "offline";
  await waitFor(isGone, { what: "Claude's end is a goodbye", saw: ada });
  expect((await ada()).axes.link.reason).toBe("its CLI has ended: exit code 0");
});

test("what the host logs does not stand in what Claude Code draws: it is in the agent's host.log", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  await using ada = await startSteered(serve, { id: "ada", model });
  const log = join(serve.dataDir, "agents", "ada", "host.log");
  await ada.until("its session has begun", ({ status }) => status === "idle");
  await ada.terminal.type("half a line");
  await ada.terminal.waitFor("half a line");
  serve.child.kill("SIGTERM");
  await serve.child.exit();
  const lost = async () => (await readFile(log, "utf8")).includes("NATS connection lost");
  await waitFor(lost, { what: "the loss is in the log" });
  const screen = await ada.terminal.screen();
  expect(screen).toContain("half a line");
  expect(screen).not.toContain("NATS connection lost");
});
