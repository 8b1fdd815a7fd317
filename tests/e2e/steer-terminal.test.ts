// Steering the real Claude Code on a terminal: what is sent reaches the running session, and each receipt has its evidence.
import { expect, test } from "bun:test";
import { fetchAgent } from "../support/bridges.ts";
import { startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import {
  acknowledgesTasks,
  bash,
  callTool,
  descendantRunning,
  lifeOf,
  slowBash,
  startSteered,
} from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const claudeArgs = ["--permission-mode", "default", "--allowedTools", "Bash"];

test("an idle session is woken by a task, and a busy one is given it after its tool", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      { match: "wait a while", once: true, turn: slowBash(20, "rested") },
      acknowledgesTasks,
      { match: "recorded as applied", turn: { text: "Done as asked." } },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs });
  await ada.until("its tools are there", ({ cli }) => cli === "claude-code");

  const idle = await serve.run(["send", "task", "ada", "tidy up", "--id", "t1", ...untilApplied]);
  expect(idle).toMatchObject({ code: 0 });
  const whole = await ada.until("t1 is applied", (agent) => lifeOf(agent, "t1").length === 5);
  expect(lifeOf(whole, "t1")).toEqual([
    "stored",
    "delivered",
    // As its user's: it is typed into the idle prompt.
    "injected by terminal",
    "seen",
    "applied by acknowledge",
  ]);
  await ada.until("its turn is over", ({ status }) => status === "idle");

  await ada.terminal.enter("please wait a while");
  await ada.until("its tool runs", ({ axes }) => axes.activity.reason === "runs Bash");
  const busy = await serve.run(["send", "task", "ada", "tidy more", "--id", "t2", ...untilApplied]);
  expect(busy).toMatchObject({ code: 0 });
  const both = await ada.until("t2 is applied", (agent) => lifeOf(agent, "t2").length === 5);
  expect(lifeOf(both, "t2").slice(2)).toEqual([
    "injected by messaging-socket",
    "seen",
    "applied by acknowledge",
  ]);
  const { stdout: shown } = await serve.run(["show", "ada"]);
  expect(shown).toContain("shows it as the words of another session, not of its user");
  expect(shown).toMatch(/^ {2}abilities +claude 2\.1\.330, terminal: all$/m);
  const marks = model.requests.filter(({ newText }) => newText.includes("[cliai task t2]"));
  expect(marks.length).toBe(1);
});

test("pause holds the next tool call at its boundary, resume lets it go, and stop ends the session", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      { match: "work in two steps", once: true, turn: slowBash(3, "first-done") },
      { match: "first-done", once: true, turn: bash("echo second-done > second.txt; echo second-done") },
      { match: "second-done", once: true, turn: { text: "Both steps are done." } },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs });
  await ada.terminal.enter("work in two steps");
  await ada.until("its tool runs", ({ axes }) => axes.activity.reason === "runs Bash");
  expect(await serve.run(["send", "pause", "ada", "--id", "p1", ...untilApplied])).toMatchObject({
    code: 0,
  });
  const paused = await ada.until("it is paused", ({ status }) => status === "paused");
  expect(lifeOf(paused, "p1")).toEqual(["stored", "delivered", "injected by hook", "applied by hook"]);
  expect(await Bun.file(`${ada.cwd}/second.txt`).exists()).toBe(false);

  expect(await serve.run(["send", "resume", "ada", ...untilApplied])).toMatchObject({
    code: 0,
  });
  await ada.terminal.waitFor("Both steps are done.");
  expect(await Bun.file(`${ada.cwd}/second.txt`).exists()).toBe(true);
  await ada.until("its turn is over", ({ status }) => status === "idle");

  const stop = await serve.run([
    "send",
    "stop",
    "ada",
    "--id",
    "s1",
    "--wait",
    "applied",
    "--reason",
    "enough",
  ]);
  expect(stop).toMatchObject({ code: 0 });
  const stopped = await ada.until("it is stopped", ({ status }) => status === "stopped");
  expect(lifeOf(stopped, "s1")).toEqual(["stored", "delivered", "applied"]);
  await ada.terminal.exit();
});

test("a stop during a tool starts no further one: the agent reports, its turn ends, and so does it", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      { match: "sleep a little", once: true, turn: slowBash(4, "slept") },
      { match: "slept", once: true, turn: bash("touch further.txt") },
      {
        match: /asked you to stop/,
        once: true,
        turn: callTool("report_status", { status: "idle", message: "half is done" }),
      },
      { match: "status recorded", turn: { text: "I end here." } },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs });
  await ada.terminal.enter("sleep a little");
  await ada.until("its tool runs", ({ axes }) => axes.activity.reason === "runs Bash");
  const args = ["send", "stop", "ada", "--id", "s1", ...untilApplied, "--reason", "lunch"];
  expect(await serve.run(args)).toMatchObject({ code: 0 });
  const stopped = await ada.until("it is stopped", ({ status }) => status === "stopped");
  expect(lifeOf(stopped, "s1")).toEqual([
    "stored",
    "delivered",
    "injected by messaging-socket",
    "seen",
    "applied",
  ]);
  expect(stopped.axes.control).toMatchObject({ value: "stopped" });
  expect(await Bun.file(`${ada.cwd}/further.txt`).exists()).toBe(false);
  expect(
    model.requests.some(
      ({ newText }) => newText.includes("half is done") || newText.includes("status recorded"),
    ),
  ).toBe(true);
});

test("with its MCP server killed, a busy session is given its task all the same", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      { match: "wait a while", once: true, turn: slowBash(5, "rested") },
      { match: "[cliai task t1]", turn: { text: "I have the task." } },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs });
  await ada.terminal.enter("please wait a while");
  const { pid = 0 } = await ada.until("its tool runs", ({ axes }) => axes.activity.reason === "runs Bash");
  process.kill(await descendantRunning(pid, "bridge"), "SIGKILL");
  const sent = await serve.run([
    "send",
    "task",
    "ada",
    "dig",
    "--id",
    "t1",
    "--wait",
    "seen",
    "--timeout",
    "80",
  ]);
  expect(sent).toMatchObject({ code: 0 });
  await ada.terminal.waitFor("I have the task.");
  expect((await ada.agent()).axes.link.value).toBe("online");
});

test("with serve killed while it is paused, the agent stays held until the next serve's resume", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await using model = await startModelServer();
  model.setScript({
    rules: [
      { match: "two steps", once: true, turn: slowBash(3, "first-done") },
      { match: "first-done", once: true, turn: bash("touch second.txt; echo second-done") },
      { match: "second-done", once: true, turn: { text: "Both steps are done." } },
    ],
  });
  await using first = await startServe({ dataDir });
  const [port = 0, natsPort = 0] = [first.url, first.natsUrl].map((url) => Number(new URL(url).port));
  await using ada = await startSteered(first, { id: "ada", model, claudeArgs });
  await ada.terminal.enter("work in two steps");
  await ada.until("its turn runs", ({ status }) => status === "working");
  await first.run(["send", "pause", "ada", ...untilApplied]);
  first.child.kill("SIGKILL");
  await first.child.exit();
  await using second = await startServe({ dataDir, port, natsPort });
  const shown = () => fetchAgent(second, "ada");
  const isPaused = async () => (await shown()).status === "paused";
  await waitFor(isPaused, { what: "it is shown as paused", saw: shown });
  expect(await Bun.file(`${ada.cwd}/second.txt`).exists()).toBe(false);
  const resumed = await second.run(["send", "resume", "ada", ...untilApplied]);
  expect(resumed).toMatchObject({ code: 0 });
  await ada.terminal.waitFor("Both steps are done.");
});

test("neither the left arrow at an empty prompt nor /bg moves the session away from its host", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  await using ada = await startSteered(serve, { id: "ada", model });
  await ada.terminal.enter("hello there");
  await ada.until("its turn is over", ({ status }) => status === "idle");
  await ada.terminal.waitFor(/✻ .* done /);
  await ada.terminal.keys("Left");
  await ada.terminal.enter("/bg");
  await ada.terminal.waitFor("Unknown command: /bg");
  expect((await ada.agent()).axes.link.value).toBe("online");
  expect(await serve.run(["send", "stop", "ada", "--force", ...untilApplied])).toMatchObject({ code: 0 });
  await ada.terminal.exit();
});
