// What the user of the real Claude Code breaks off by Esc: no hook tells it, its own records do.
import { expect, test } from "bun:test";
import { startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { bash, lifeOf, slowBash, startSteered } from "../support/steered-claude.ts";
import { stays } from "../support/wait-for.ts";

const claudeArgs = ["--permission-mode", "default"];
const allowed = [...claudeArgs, "--allowedTools", "Bash"];

test("a tool that is broken off ends the turn: a pause is applied, and a task goes on being delivered", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({ rules: [{ match: "run long", once: true, turn: slowBash(50, "rested") }] });
  await using ada = await startSteered(serve, {
    ...{ id: "ada", model, routes: "hook,terminal", claudeArgs: allowed },
  });
  await ada.terminal.enter("run long");
  await ada.until("its tool runs", ({ axes }) => axes.activity.reason === "runs Bash");
  await ada.terminal.waitFor("timeout 50");
  expect(await serve.run(["send", "pause", "ada", "--id", "p1"])).toMatchObject({ code: 0 });
  expect(await serve.run(["send", "task", "ada", "dig", "--id", "t1"])).toMatchObject({ code: 0 });
  await ada.until("p1 is injected", (agent) => lifeOf(agent, "p1").includes("injected by hook"));
  await ada.terminal.waitFor("esc to interrupt");
  await ada.terminal.keys("Escape");
  await ada.until("p1 is applied", (agent) => lifeOf(agent, "p1").at(-1) === "applied by hook");
  await ada.until("t1 is given", (agent) => lifeOf(agent, "t1").includes("injected by terminal"));
  await ada.until("t1 is seen", (agent) => lifeOf(agent, "t1").includes("seen"));
});

test("a model that is broken off in its words ends the turn", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  const text = "word ".repeat(400);
  model.setScript({ rules: [{ match: "talk long", once: true, turn: { text, chunkDelayMs: 200 } }] });
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs });
  await ada.terminal.enter("talk long");
  await ada.terminal.waitFor("word word");
  await ada.terminal.keys("Escape");
  const idle = await ada.until("it is idle", ({ status }) => status === "idle");
  expect(idle.axes.activity.reason).toBe("its turn ended");
});

test("a turn that is broken off before the model's first word has ended within seconds: no record tells it, the screen does", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      { match: "say nothing yet", once: true, turn: { text: "Never said.", delayMs: 60_000 } },
      { match: "say nothing yet", turn: { text: "Said at last.", delayMs: 8_000 } },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs });
  await ada.terminal.enter("say nothing yet");
  await ada.until("it works", ({ status }) => status === "working");
  await ada.terminal.waitFor("esc to interrupt");
  // Keys in between hide those words, and end no turn.
  await ada.terminal.type("x");
  await ada.terminal.waitFor((screen) => !screen.includes("esc to interrupt"));
  expect(await serve.run(["send", "pause", "ada", "--id", "p1"])).toMatchObject({ code: 0 });
  const words = new Set<string>();
  const look = async () => words.add((await ada.agent()).status);
  const looking = setInterval(() => void look().catch(() => undefined), 150); // the server is busy: the next look tells
  await stays(() => !words.has("idle") && !words.has("paused"), {
    ...{ what: "it works", because: "an end by the screen takes two seconds", forMs: 4_000 },
  });
  clearInterval(looking);
  expect([...words]).toEqual(["working"]);
  await ada.terminal.keys("BSpace");
  await ada.terminal.waitFor("esc to interrupt");
  await ada.terminal.keys("Escape");
  await ada.terminal.waitFor(/❯ say nothing yet/);
  // The receipt and the end of the turn are two messages: either may be read first.
  await ada.until(
    "the pause is applied, and the turn has ended",
    (agent) => {
      const { value, reason } = agent.axes.activity;
      return (
        lifeOf(agent, "p1").includes("applied by hook") && value === "idle" && reason === "its turn ended"
      );
    },
    30_000, // before the model's first word, which it waits for no more
  );
  // The prompt is back in its line. Sending it again begins an ordinary turn.
  await serve.run(["send", "resume", "ada"]);
  await ada.terminal.keys("Enter");
  await ada.until("it works again", ({ status }) => status === "working");
  await ada.until("it is done", ({ status }) => status === "idle");
  await ada.terminal.waitFor("Said at last.");
});

test("a dialog that is left by Esc waits no more: the session's own, and a subagent's, which goes on", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  const input = { description: "sub work", prompt: "SUBWORK now", subagent_type: "general-purpose" };
  const inBackground = { ...input, run_in_background: true };
  model.setScript({
    rules: [
      { match: "ask me", once: true, turn: bash("touch asked.txt") },
      {
        match: "start a subagent",
        once: true,
        turn: { toolUses: [{ name: "Task", input: inBackground }] },
      },
      { match: "SUBWORK now", once: true, turn: bash("touch sub-made.txt") },
      { match: /was denied/, once: true, turn: { text: "Denied, I see.", delayMs: 20_000 } },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs });
  const question = "Do you want to proceed?";
  for (const [prompt, activity] of [
    ["ask me", "idle"],
    ["start a subagent", "working"],
  ] as const) {
    await ada.terminal.enter(prompt);
    await ada.terminal.waitFor(question);
    await ada.until("it waits for a permission", ({ axes }) => axes.attention.value === "approval");
    await ada.terminal.keys("Escape");
    await ada.terminal.waitFor((screen) => !screen.includes(question));
    await ada.until(
      "it waits no more",
      ({ axes }) => axes.attention.value === "none" && axes.activity.value === activity,
      15_000, // before the model answers the subagent
    );
  }
  expect(await Bun.file(`${ada.cwd}/asked.txt`).exists()).toBe(false);
  expect(await Bun.file(`${ada.cwd}/sub-made.txt`).exists()).toBe(false);
});
