// How a turn of OpenCode ends for the host: by itself, held back, broken off, or failed.
import { describe, expect, test } from "bun:test";
import { createTurn } from "../../../src/agents/opencode/opencode-turn.ts";
import type { Hook, HookAnswer } from "../../../src/domain/hook.ts";
import { until } from "../../support/wait-for.ts";

function turn(answer: HookAnswer | Promise<HookAnswer> = { type: "go" }) {
  const told: unknown[] = [];
  const hooks: Hook[] = [];
  const made = createTurn(
    {
      asking: { withdrawAll: () => void told.push("withdrawn") },
      async onHook(hook) {
        hooks.push(hook);
        return await answer;
      },
      onSign: (sign) => void told.push(sign),
      onResult: (result) => void told.push(result),
      goOn: async (text) => void told.push(`go on: ${text}`),
    },
    () => void told.push("calls ended"),
  );
  const status = (type: string, message = "") => made.takeStatus({ type, attempt: 2, message, next: 0 });
  return { ...made, status, told, hooks, last: () => told.at(-1) };
}
const broken = { name: "APIError", data: { statusCode: 500, message: "broken" } };
const aborted = { name: "MessageAbortedError", data: {} };
const interrupted = "its turn was interrupted";

describe("createTurn() of OpenCode", () => {
  test("ends by itself with what the model said last; its open requests and calls end with it", async () => {
    const { status, noteAnswer, noteWords, isBusy, told } = turn();
    await status("busy");
    noteAnswer();
    noteWords("first");
    noteWords("done");
    expect(isBusy()).toBe(true);
    await status("idle");
    expect(isBusy()).toBe(false);
    expect(told).toEqual([
      ...["withdrawn", "calls ended"],
      { isError: false, wasAsked: true, text: "done", said: "done" },
    ]);
    await status("idle");
    expect(told).toHaveLength(3);
  });

  test("tells no words of the turn before as its own", async () => {
    const { status, noteAnswer, noteWords, last } = turn();
    await status("busy");
    noteAnswer();
    noteWords("done");
    await status("idle");
    await status("busy");
    noteAnswer();
    await status("idle");
    expect(last()).toEqual({ isError: false, wasAsked: true, text: "" });
  });

  test("that the model never answered was interrupted, whatever else is known", async () => {
    const { status, last, hooks } = turn();
    await status("busy");
    await status("idle");
    expect(last()).toEqual({ isError: true, wasAsked: false, text: interrupted });
    expect(hooks).toEqual([]);
  });

  test("fails with why; one that was broken off with just that; and not at all if the model goes on after the error", async () => {
    const failed = turn();
    await failed.status("busy");
    failed.noteAnswer();
    await failed.fail(broken);
    await failed.status("idle");
    expect(failed.last()).toEqual({ isError: true, wasAsked: true, text: "500 broken", error: "server" });
    const cut = turn();
    await cut.status("busy");
    cut.noteAnswer();
    await cut.fail(aborted);
    await cut.status("idle");
    expect(cut.last()).toEqual({ isError: true, wasAsked: true, text: interrupted });
    const wentOn = turn();
    await wentOn.status("busy");
    await wentOn.fail(broken);
    wentOn.noteAnswer();
    await wentOn.status("idle");
    expect(wentOn.last()).toMatchObject({ isError: false });
  });

  test("ends with a prompt that fails before it becomes a turn, and with no interrupt of none", async () => {
    const { fail, last, told } = turn();
    await fail(aborted);
    expect(told).toEqual([]);
    await fail(broken);
    expect(last()).toEqual({ isError: true, wasAsked: false, text: "500 broken", error: "server" });
  });

  test("goes on with the reason if its end is held back, and says so at its next end", async () => {
    const { status, noteAnswer, last, hooks } = turn({ type: "hold_back", reason: "ask first" });
    for (const _ of [1, 2]) {
      await status("busy");
      noteAnswer();
      await status("idle");
    }
    expect(last()).toBe("go on: ask first");
    expect(hooks.map(({ isHeldBack }) => isHeldBack)).toEqual([false, true]);
  });

  test("does not go on with a reason that comes once another turn has begun", async () => {
    const decision = Promise.withResolvers<HookAnswer>();
    const { status, noteAnswer, last } = turn(decision.promise);
    await status("busy");
    noteAnswer();
    await status("idle"); // while somebody decides
    await status("busy");
    decision.resolve({ type: "hold_back", reason: "ask first" });
    await until("it has its result", () => typeof last() === "object");
    expect(last()).toEqual({ isError: false, wasAsked: true, text: "" });
  });

  test("shows each try that OpenCode makes again, and works meanwhile", async () => {
    const { status, last, isBusy } = turn();
    await status("retry", "Overloaded");
    expect(last()).toMatchObject({ type: "retry", detail: "attempt 2: Overloaded", error: "overloaded" });
    expect(isBusy()).toBe(true);
  });
});
