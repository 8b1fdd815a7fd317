// What becomes of a task when the user of the real Claude Code interrupts its turn, clears the conversation, or takes the prompt back: no
// later turn that is about something else may end it as applied.
import { expect, test } from "bun:test";
import type { ShownAgent } from "../support/bridges.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import { bash, callTool, lifeOf, type Steered, startSteered } from "../support/steered-claude.ts";

const claudeArgs = ["--permission-mode", "default", "--allowedTools", "Bash,mcp__cliai"];
const waits = "until [ -e done ]; do sleep 0.1; done";
const noon = { match: "what time is it", turn: { text: "Noon." } };

async function startAda(serve: RunningServe, model: ModelServer): Promise<Steered> {
  return await startSteered(serve, { id: "ada", model, claudeArgs });
}

const lastOf = ({ commands }: Awaited<ReturnType<Steered["agent"]>>, id: string) =>
  commands.find(({ command_id }) => command_id === id)?.receipts.at(-1) as
    | { readonly state: string; readonly detail?: string }
    | undefined;

/** Gives the task t1, and interrupts its turn while its tool runs. */
async function interruptTask(serve: RunningServe, ada: Steered): Promise<void> {
  const task = ["send", "task", "ada", "dig", "--id", "t1", "--wait", "seen", "--timeout", "80"];
  expect(await serve.run(task)).toMatchObject({ code: 0 });
  await ada.until("its tool runs", ({ axes }) => axes.activity.reason.includes("Bash"));
  await ada.terminal.waitFor("esc to interrupt");
  await ada.terminal.keys("Escape");
  await ada.until("its turn is over", ({ status }) => status === "idle");
}

/** Has a turn about something else, from its prompt to its end. */
async function askTheTime({ terminal, until }: Steered): Promise<void> {
  await terminal.enter("what time is it");
  await terminal.waitFor("Noon.");
  await until(
    "that turn is over",
    (agent: ShownAgent & { readonly last_words?: { readonly text: string } }) => {
      return agent.status === "idle" && agent.last_words?.text === "Noon.";
    },
  );
}

test("a task whose turn was interrupted is open after another turn, until the agent acknowledges it", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      noon,
      {
        match: "go on with it",
        once: true,
        turn: callTool("acknowledge", { command_id: "t1", outcome: "applied" }),
      },
      { match: "[cliai task t1]", once: true, turn: bash(waits) },
    ],
  });
  await using ada = await startAda(serve, model);
  await interruptTask(serve, ada);
  await askTheTime(ada);
  expect(lifeOf(await ada.agent(), "t1").at(-1)).toBe("seen");
  await ada.terminal.enter("go on with it");
  await ada.until("it is applied", (agent) => lifeOf(agent, "t1").at(-1)?.startsWith("applied") === true);
});

test("a task of a conversation that its user clears has failed, and no turn of the next one applies it", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({ rules: [noon, { match: "[cliai task t1]", once: true, turn: bash(waits) }] });
  await using ada = await startAda(serve, model);
  await interruptTask(serve, ada);
  await ada.terminal.enter("/clear");
  await ada.until("t1 has its end", (agent) => lastOf(agent, "t1")?.state !== "seen");
  await askTheTime(ada);
  expect(lastOf(await ada.agent(), "t1")).toMatchObject({
    state: "failed",
    detail: "the session ended: another one has begun in its place (clear)",
  });
});

test("a conversation that is cleared as soon as a turn has ended: the task of that turn is applied in its own words", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      noon,
      { match: "[cliai task t1]", once: true, turn: bash(waits) },
      { match: "dug", turn: { text: "I have dug." } },
    ],
  });
  await using ada = await startAda(serve, model);
  const task = ["send", "task", "ada", "dig", "--id", "t1", "--wait", "seen", "--timeout", "80"];
  expect(await serve.run(task)).toMatchObject({ code: 0 });
  await ada.until("its tool runs", ({ axes }) => axes.activity.reason.includes("Bash"));
  await ada.terminal.enter("/clear");
  await Bun.write(`${ada.cwd}/done`, "");
  await ada.until("t1 has its end", (agent) => lastOf(agent, "t1")?.state !== "seen");
  expect(lastOf(await ada.agent(), "t1")).toMatchObject({ state: "applied" });
  await askTheTime(ada);
});

test("a task whose prompt its user takes back before the model's first word is not applied by another prompt", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [noon, { match: "[cliai task t1]", once: true, turn: { text: "Never said.", delayMs: 60_000 } }],
  });
  await using ada = await startAda(serve, model);
  await serve.run(["send", "task", "ada", "dig", "--id", "t1", "--wait", "delivered", "--timeout", "80"]);
  await ada.until("it works", ({ status }) => status === "working");
  await ada.terminal.waitFor("esc to interrupt");
  await ada.terminal.keys("Escape");
  await ada.until("its turn is over", ({ status }) => status === "idle");
  await ada.terminal.waitFor(/❯\s\[cliai task t1\]/);
  for (let line = 0; line < 4; line += 1) await ada.terminal.keys("C-u", "BSpace");
  await ada.terminal.waitFor((screen) => !screen.includes("[cliai task t1]"));
  await askTheTime(ada);
  expect(["injected by terminal", "seen"]).toContain(lifeOf(await ada.agent(), "t1").at(-1) ?? "");
});
