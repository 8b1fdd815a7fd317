// Each way into a session of the real Claude Code alone, and what its own figures tell.
import { expect, test } from "bun:test";
import { startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { acknowledgesTasks, lifeOf, slowBash, startSteered } from "../support/steered-claude.ts";

test("by our own terminal alone: an idle session is typed its task, and not while its user types", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [acknowledgesTasks, { match: "recorded as applied", turn: { text: "Done as asked." } }],
  });
  await using ada = await startSteered(serve, { id: "ada", model, routes: "terminal" });
  const first = await serve.run(["send", "task", "ada", "tidy\nup", "--id", "t1", ...untilApplied]);
  expect(first).toMatchObject({ code: 0 });
  const whole = await ada.until("t1 is applied", (agent) => lifeOf(agent, "t1").length === 5);
  expect(lifeOf(whole, "t1").slice(2)).toEqual(["injected by terminal", "seen", "applied by acknowledge"]);
  await ada.until("its turn is over", ({ status }) => status === "idle");

  await ada.terminal.type("a line that its user has begun");
  const second = serve.run([
    "send",
    "task",
    "ada",
    "tidy more",
    "--id",
    "t2",
    "--wait",
    "seen",
    "--timeout",
    "6",
  ]);
  expect(await second).toMatchObject({ code: 4 });
  expect(lifeOf(await ada.agent(), "t2")).toEqual(["stored", "delivered"]);
  expect(await ada.terminal.screen()).toContain("a line that its user has begun");
  await ada.terminal.keys("C-c");
  await ada.until("t2 is given", (agent) => lifeOf(agent, "t2").includes("injected by terminal"));
});

test("by hooks alone: a busy session is given its task with the next hook's answer", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      acknowledgesTasks,
      { match: "wait a while", once: true, turn: slowBash(4, "rested") },
      { match: "recorded as applied", turn: { text: "Done as asked." } },
    ],
  });
  const claudeArgs = ["--permission-mode", "default", "--allowedTools", "Bash"];
  await using ada = await startSteered(serve, { id: "ada", model, routes: "hook", claudeArgs });
  await ada.terminal.enter("please wait a while");
  await ada.until("its tool runs", ({ axes }) => axes.activity.reason === "runs Bash");
  const sent = await serve.run(["send", "task", "ada", "tidy up", "--id", "t1", ...untilApplied]);
  expect(sent).toMatchObject({ code: 0 });
  const whole = await ada.until("t1 is applied", (agent) => lifeOf(agent, "t1").length === 5);
  expect(lifeOf(whole, "t1").slice(2)).toEqual(["injected by hook", "seen", "applied by acknowledge"]);
});

test("usage of a session on a terminal comes from Claude's own telemetry", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  await using ada = await startSteered(serve, { id: "ada", model });
  await ada.terminal.enter("hello there");
  const { usage } = await ada.until("it has its usage", ({ usage }) => (usage?.estimated_cost ?? 0) > 0);
  expect(usage).toMatchObject({ source: "telemetry", model: expect.any(String) });
  expect(usage?.tokens_used).toBeGreaterThan(1_000);
});
