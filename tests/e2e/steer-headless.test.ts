// A headless session of the real Claude Code: tasks are its turns, its end is a stop, its usage comes from its own results.
import { expect, setDefaultTimeout, test } from "bun:test";
import { startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { acknowledgesTasks, bash, lifeOf, startHeadless } from "../support/steered-claude.ts";

setDefaultTimeout(120_000);

test("it begins with its task, takes more as turns while busy and idle, reports its usage, and ends when stopped", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      { match: "rest first", once: true, turn: bash("sleep 4; echo rested") },
      acknowledgesTasks,
      { match: /rested|recorded as applied/, turn: { text: "Done as asked." } },
      { match: "just say so", turn: { text: "Said." } },
    ],
  });
  const options = {
    id: "hal",
    model,
    args: ["--task", "rest first"],
    claudeArgs: ["--allowedTools", "Bash"],
  };
  await using hal = await startHeadless(serve, options);
  await hal.until("its tool runs", ({ status }) => status === "working");
  const send = (id: string) =>
    serve.run(["send", "task", "hal", "go on", "--id", id, "--wait", "applied", "--timeout", "30"]);
  expect(await send("t1")).toMatchObject({ code: 0 });
  const first = await hal.until("t1 is applied", (agent) => lifeOf(agent, "t1").length === 5);
  expect(lifeOf(first, "t1").slice(2)).toEqual(["injected by stream-json", "seen", "applied by acknowledge"]);
  await hal.until("its turn is over", ({ status }) => status === "idle");

  expect(await send("t2")).toMatchObject({ code: 0 });
  const second = await hal.until("it has its usage", ({ usage }) => (usage?.estimated_cost ?? 0) > 0);
  expect(second.usage).toMatchObject({ source: "results", tokens_used: expect.any(Number) });
  // What the agent does not acknowledge ends with its turn.
  model.setScript({ fallback: { text: "Said." } });
  expect(await send("t3")).toMatchObject({ code: 0 });
  const third = await hal.until("t3 is applied", (agent) => lifeOf(agent, "t3").length === 5);
  expect(lifeOf(third, "t3").at(-1)).toBe("applied by result");

  const stop = await serve.run(["send", "stop", "hal", "--id", "s1", "--wait", "applied"]);
  expect(stop).toMatchObject({ code: 0 });
  await hal.child.exit();
  await hal.until("it is stopped", ({ status }) => status === "stopped");
});

test("a stop by force interrupts its turn", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({ rules: [{ match: "sleep long", turn: bash("sleep 30") }] });
  const options = {
    id: "hal",
    model,
    args: ["--task", "sleep long"],
    claudeArgs: ["--allowedTools", "Bash"],
  };
  await using hal = await startHeadless(serve, options);
  await hal.until("its tool runs", ({ status }) => status === "working");
  const stop = await serve.run(["send", "stop", "hal", "--force", "--id", "s1", "--wait", "applied"]);
  expect(stop).toMatchObject({ code: 0 });
  const stopped = await hal.until("it is stopped", ({ status }) => status === "stopped");
  expect(lifeOf(stopped, "s1")).toEqual(["stored", "delivered", "injected by interrupt", "applied"]);
});
