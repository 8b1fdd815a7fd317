// Asking on behalf of the session: what counts as an answer, and what becomes of a request that nobody waits for any more.
import { describe, expect, test } from "bun:test";
import type { ToolOutcome } from "../../src/agent-link/tool-call.ts";
import { createAsking } from "../../src/host/asking.ts";
import { silentLogger } from "../../src/log.ts";
import { until } from "../support/wait-for.ts";

type Call = { readonly name: string; readonly args: object; readonly id: string | undefined };

/** `answers` of calls that ask; those of withdrawals are `withdrawn`, in turn. A call without an answer waits for its signal. */
function desk(answers: ToolOutcome[], withdrawn: (ToolOutcome | Error)[] = []) {
  const calls: Call[] = [];
  const asking = createAsking({
    async call(name, args, signal, id) {
      calls.push({ name, args, id });
      const answer = name === "withdraw_request" ? (withdrawn.shift() ?? ok({})) : answers.shift();
      if (answer instanceof Error) throw answer;
      if (answer !== undefined) return answer;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
      throw new Error("unreachable");
    },
    createId: () => "made",
    log: silentLogger,
  });
  const withdrawals = () => calls.filter(({ name }) => name === "withdraw_request").map(({ args }) => args);
  return { ...asking, calls, withdrawals };
}
const ok = (result: unknown, takes?: readonly string[]): ToolOutcome => ({
  ...{ text: "", isError: false, result },
  ...(takes === undefined ? {} : { takes }),
});

describe("createAsking()", () => {
  test("gives the answer with the messages that it contains; a yes is never read into another answer", async () => {
    const approved = { request_id: "r1", approved: true, by: "ann" };
    const { ask, calls } = desk([ok(approved, ["m1"]), ok({ answers: ["red"] }), ok({ request_id: "r1" })]);
    expect(await ask("request_permission", { a: 1 }, undefined)).toEqual({ ...approved, takes: ["m1"] });
    expect(await ask("request_permission", {}, undefined, "own")).toEqual({ answers: ["red"], takes: [] });
    expect(await ask("request_permission", {}, undefined)).toEqual({ request_id: "r1", takes: [] });
    expect(calls.map(({ id }) => id)).toEqual(["made", "own", "made"]);
  });

  test("has no answer where the server is away, or answers in another form", async () => {
    const approved = { approved: true, by: "ann" };
    const { ask } = desk([
      { text: "away", isError: true, result: approved },
      ok("yes"),
      ok({ approved: "yes" }),
    ]);
    for (const _ of [1, 2, 3]) expect(await ask("request_permission", {}, undefined)).toBeUndefined();
  });

  test("withdraws a request as soon as the CLI no longer waits, by the id of its call; and no other", async () => {
    const { ask, stop, calls, withdrawals } = desk([]);
    const dialog = new AbortController();
    const asked = ask("request_permission", {}, dialog.signal, "c1");
    void ask("request_permission", {}, undefined, "c2");
    await until("both are asked", () => calls.length === 2);
    dialog.abort();
    expect(await asked).toBeUndefined();
    await until("it is withdrawn", () => withdrawals().length > 0);
    expect(withdrawals()).toEqual([{ request_id: "c1" }]);
    await stop();
    expect(withdrawals()).toEqual([{ request_id: "c1" }, { request_id: "c2" }]);
  });

  test("withdraws again what the server does not know yet, or could not be told", async () => {
    const unknown: ToolOutcome = { text: "no such request", isError: true };
    const { ask, stop, withdrawals } = desk([], [unknown, new Error("no connection")]);
    const asked = ask("request_permission", {}, undefined, "c1");
    await stop();
    expect(await asked).toBeUndefined();
    expect(withdrawals()).toEqual([{ request_id: "c1" }, { request_id: "c1" }, { request_id: "c1" }]);
  });

  test("asks nothing once it is stopped, nor for a dialog that is closed already", async () => {
    const { ask, stop, calls } = desk([ok({ approved: true })]);
    expect(await ask("request_permission", {}, AbortSignal.abort())).toBeUndefined();
    await stop();
    expect(await ask("request_permission", {}, undefined)).toBeUndefined();
    expect(calls).toEqual([]);
  });

  test("throws what the call throws while somebody waits for the answer", async () => {
    const asking = createAsking({
      call: () => Promise.reject(new Error("broken")),
      createId: () => "made",
      log: silentLogger,
    });
    await expect(asking.ask("request_permission", {}, undefined)).rejects.toThrow("broken");
  });
});
