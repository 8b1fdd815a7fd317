// How a turn of Codex ends for the host: by itself, held back, broken off by us or by its user, or failed.
import { describe, expect, test } from "bun:test";
import { createTurn } from "../../../src/agents/codex/codex-turn.ts";
import type { Hook, HookAnswer } from "../../../src/domain/hook.ts";
import { until } from "../../support/wait-for.ts";

function turn(answer: HookAnswer | Promise<HookAnswer> = { type: "go" }) {
  const told: unknown[] = [];
  const hooks: Hook[] = [];
  const made = createTurn(
    {
      async onHook(hook) {
        hooks.push(hook);
        return await answer;
      },
      onSign: ({ type }) => void told.push(type),
      onResult: (result) => void told.push(result),
      goOn: async (text) => void told.push(`go on: ${text}`),
      loginRemedy: "log in",
    },
    { turnEnded: async () => undefined },
  );
  return { ...made, told, hooks };
}
const over = (status: string, error?: { message: string; codexErrorInfo?: unknown }) => ({
  id: "t1",
  status,
  error,
});

describe("createTurn() of Codex", () => {
  test("ends by itself with what the model said last", async () => {
    const { started, noteWords, completed, id, told } = turn();
    started("t1");
    noteWords("first");
    noteWords("done");
    expect(id()).toBe("t1");
    await completed(over("completed"));
    expect(told).toEqual(["answer", { isError: false, wasAsked: true, text: "done", said: "done" }]);
    expect(id()).toBeUndefined();
  });

  test("tells no words of the turn before as its own", async () => {
    const { started, noteWords, completed, told } = turn();
    started("t1");
    noteWords("done");
    await completed(over("completed"));
    started("t1");
    await completed(over("completed"));
    expect(told.at(-1)).toEqual({ isError: false, wasAsked: true, text: "" });
  });

  test("goes on with the reason if its end is held back, and says so at its next end", async () => {
    const { started, completed, hooks, told } = turn({ type: "hold_back", reason: "ask first" });
    started("t1");
    await completed(over("completed"));
    expect(told).toEqual(["answer", "go on: ask first"]);
    started("t1");
    await completed(over("completed"));
    expect(hooks.map(({ isHeldBack }) => isHeldBack)).toEqual([false, true]);
  });

  test("does not go on with a reason that comes once another turn has begun", async () => {
    const decision = Promise.withResolvers<HookAnswer>();
    const { started, completed, told } = turn(decision.promise);
    started("t1");
    await completed(over("completed")); // while somebody decides
    started("t2");
    decision.resolve({ type: "hold_back", reason: "ask first" });
    await until("it has its result", () => told.length > 1);
    expect(told).toEqual(["answer", { isError: false, wasAsked: true, text: "" }]);
  });

  test("is interrupted by its user, whose tasks go on; or by us, which ends them", async () => {
    const theirs = turn();
    theirs.started("t1");
    await theirs.completed(over("interrupted"));
    expect(theirs.told).toEqual(["interrupted"]);
    const ours = turn();
    ours.started("t1");
    ours.noteAnswer();
    ours.noteInterrupt();
    await ours.completed(over("interrupted"));
    expect(ours.told).toEqual([{ isError: true, wasAsked: true, text: "its turn was interrupted" }]);
    const later = turn();
    later.noteInterrupt(); // no turn runs: it concerns none
    later.started("t1");
    await later.completed(over("interrupted"));
    expect(later.told).toEqual(["interrupted"]);
  });

  test("fails with why, and with whether the model was asked", async () => {
    const { started, completed, told } = turn();
    started("t1");
    await completed(over("failed", { message: "401", codexErrorInfo: "unauthorized" }));
    expect(told).toEqual([
      { isError: true, wasAsked: false, error: "authentication", text: expect.any(String), remedy: "log in" },
    ]);
  });

  test("ends only if it is the turn that runs, and knows the turns of this run", async () => {
    const { started, completed, hasBegun, id, told } = turn();
    started("t2");
    await completed(over("completed"));
    expect([told, id(), hasBegun("t2"), hasBegun("t1")]).toEqual([[], "t2", true, false]);
  });
});
