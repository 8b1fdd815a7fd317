// What is typed into the real Claude Code's terminal, and what never is: an Enter there may answer a dialog.
import { expect, test } from "bun:test";
import type { ShownAgent } from "../support/bridges.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { type ModelRequest, type ModelServer, startModelServer } from "../support/model-server.ts";
import { bash, lifeOf, type Steered, startSteered } from "../support/steered-claude.ts";
import { waitFor } from "../support/wait-for.ts";

const startsSubagent = {
  match: "start a subagent",
  once: true,
  turn: {
    toolUses: [
      {
        name: "Task",
        input: {
          description: "sub work",
          prompt: "SUBWORK now",
          subagent_type: "general-purpose",
          run_in_background: true,
        },
      },
    ],
  },
} as const;

const whyOf = (agent: ShownAgent & { readonly heartbeat?: { readonly waits_because?: string } }) =>
  agent.heartbeat?.waits_because;

async function sendTask(serve: RunningServe, taskId: string): Promise<void> {
  const sent = await serve.run([
    "send",
    "task",
    "ada",
    `dig ${taskId}`,
    "--id",
    taskId,
    "--wait",
    "delivered",
  ]);
  expect(sent).toMatchObject({ code: 0 });
}

async function expectGiven(ada: Steered, model: ModelServer, taskId: string): Promise<void> {
  await ada.until(`${taskId} is seen`, (agent) => lifeOf(agent, taskId).includes("seen"));
  await ada.until("nothing waits", (agent) => whyOf(agent) === undefined);
  const isGiven = ({ newText }: ModelRequest) => newText.includes(`[cliai task ${taskId}]`);
  await model.waitForRequest(isGiven, { what: `the model is asked to do ${taskId}` });
  expect(model.requests.filter(isGiven).length).toBe(1);
}

test("a background subagent's dialog is answered by nobody's task: that waits, and says why", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [startsSubagent, { match: "SUBWORK now", once: true, turn: bash("touch sub-made.txt") }],
  });
  const claudeArgs = ["--permission-mode", "default"];
  await using ada = await startSteered(serve, { id: "ada", model, routes: "hook,terminal", claudeArgs });
  await ada.terminal.enter("start a subagent");
  await ada.terminal.waitFor("Do you want to proceed?");
  await sendTask(serve, "t1");
  await ada.until("it says why t1 waits", (agent) => whyOf(agent) === "a subagent runs");
  const shown = async () => (await serve.run(["show", "ada"])).stdout;
  const saysWhy = async () => /queue +1 waiting: a subagent runs/.test(await shown());
  await waitFor(saysWhy, { what: "show says why t1 waits", saw: shown });
  // A wait of seconds in which the host tries it again and again.
  const sent = ["send", "task", "ada", "dig t1", "--id", "t1", "--wait", "seen", "--timeout", "4"];
  expect(await serve.run(sent)).toMatchObject({ code: 4 });
  expect(lifeOf(await ada.agent(), "t1")).toEqual(["stored", "delivered"]);
  expect(await ada.terminal.screen()).toContain("Do you want to proceed?");
  expect(await Bun.file(`${ada.cwd}/sub-made.txt`).exists()).toBe(false);

  await ada.terminal.type("1");
  await expectGiven(ada, model, "t1");
  expect(await Bun.file(`${ada.cwd}/sub-made.txt`).exists()).toBe(true);
});

test("a subagent that its user ends keeps no task waiting", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [startsSubagent, { match: "SUBWORK now", once: true, turn: bash("touch sub-made.txt") }],
  });
  const claudeArgs = ["--permission-mode", "default"];
  await using ada = await startSteered(serve, { id: "ada", model, routes: "terminal", claudeArgs });
  await ada.terminal.enter("start a subagent");
  await ada.terminal.waitFor("Do you want to proceed?");
  await sendTask(serve, "t1");
  await ada.until("it says why t1 waits", (agent) => whyOf(agent) === "a subagent runs");
  await ada.terminal.keys("C-x", "C-k");
  await ada.terminal.waitFor("again to stop");
  await ada.terminal.keys("C-x", "C-k");
  await expectGiven(ada, model, "t1");
  expect(await Bun.file(`${ada.cwd}/sub-made.txt`).exists()).toBe(false);
});

test("nothing is typed into a menu, a dialog or a line that is begun; it is once they are gone", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  await using ada = await startSteered(serve, { id: "ada", model, routes: "terminal" });
  const { terminal } = ada;
  await terminal.enter("hello there");
  await ada.until("its turn is over", ({ axes }) => axes.activity.reason === "its turn ended");
  await terminal.waitFor(/✻ .* done /);
  const noPrompt = "its terminal shows no empty prompt";
  const begun = "its terminal has an unfinished line";
  const { keys, type } = terminal;
  const states: [string, () => Promise<unknown>, string, string, readonly string[]][] = [
    ["rewind", () => keys("Escape", "Escape"), "Enter to continue", noPrompt, ["Escape"]],
    ["config", () => terminal.enter("/config"), "Auto-compact", noPrompt, ["Escape", "Escape"]],
    ["transcript", () => keys("C-o"), "Showing detailed transcript", noPrompt, ["C-o"]],
    ["slash", () => type("/"), "/add-dir", begun, ["BSpace"]],
    ["line", () => type("half a line"), "half a line", begun, ["C-u"]],
  ];
  for (const [name, open, shows, why, back] of states) {
    await open();
    await terminal.waitFor(shows);
    await sendTask(serve, name);
    await ada.until(`it says why ${name} waits`, (agent) => whyOf(agent) === why);
    const screen = await terminal.screen();
    expect(screen).toContain(shows);
    expect(screen).not.toContain(`[cliai task ${name}]`);
    expect(lifeOf(await ada.agent(), name)).toEqual(["stored", "delivered"]);
    await keys(...back);
    await expectGiven(ada, model, name);
    expect(lifeOf(await ada.agent(), name)).toContain("injected by terminal");
    await ada.until("its turn is over", ({ axes }) => axes.activity.reason === "its turn ended");
  }
});

test("a suggestion of the CLI's own in its prompt keeps no task waiting", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [{ match: "Reply with ONLY the suggestion", turn: { text: "run the tests again please" } }],
  });
  const userSettings = { env: { CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION: "1" } };
  await using ada = await startSteered(serve, { id: "ada", model, routes: "terminal", userSettings });
  await ada.terminal.enter("hello there");
  await ada.until("its turn is over", ({ axes }) => axes.activity.reason === "its turn ended");
  await ada.terminal.enter("write a test");
  await ada.terminal.waitFor("run the tests again please");
  await sendTask(serve, "t1");
  await expectGiven(ada, model, "t1");
});
