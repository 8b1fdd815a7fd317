import { describe, expect, test } from "bun:test";
import type { Hook, HookFacts } from "../../../src/domain/hook.ts";
import { createGate } from "../../../src/host/steer/gate.ts";
import { createHeldCalls } from "../../../src/host/steer/held-calls.ts";
import { staysPending } from "../../support/wait-for.ts";

const start: HookFacts = { kind: "tool_start", tool: "shell", tool_use_id: "u1" };
const hookOf = (facts: HookFacts): Hook => ({ facts, isSubagent: false });
const asked = hookOf({ ...start, kind: "permission" });

function open() {
  const sent: HookFacts[] = [];
  let held = 0;
  const gate = createGate({ holdMs: 1, onHeld: () => void held++ });
  const calls = createHeldCalls({ gate, events: { send: (event) => void sent.push(event as HookFacts) } });
  calls.open();
  return { calls, gate, sent, held: () => held };
}

describe("createHeldCalls()", () => {
  test("a call of a paused agent is asked for, held for longer than a hook, and begins when the agent is let go", async () => {
    const { calls, gate, sent, held } = open();
    expect(calls.ask(hookOf(start))).toBeUndefined();
    expect(calls.isAskedFor(asked)).toBe(false);
    gate.pause("jack");
    expect(calls.ask(hookOf(start))).toMatchObject({ type: "ask", reason: expect.stringContaining("jack") });
    expect([calls.isAskedFor(asked), held()]).toEqual([true, 0]);
    const answer = calls.pass(asked);
    await staysPending(answer, {
      what: "it is held",
      because: "the gate holds a hook for 1 ms only",
      forMs: 50,
    });
    expect([held(), sent]).toEqual([1, []]);
    gate.resume();
    expect(await answer).toEqual({ type: "permit" });
    expect(sent).toEqual([start]);
    // The same call is asked for no more.
    expect(calls.isAskedFor(asked)).toBe(false);
  });

  test("a stop refuses what is held, with its words, and asks for nothing more", async () => {
    const { calls, gate, sent } = open();
    gate.pause("jack");
    calls.ask(hookOf(start));
    const answer = calls.pass(asked);
    gate.shut("lunch");
    expect(await answer).toEqual({ type: "forbid", reason: "lunch" });
    expect([sent, calls.ask(hookOf(start))]).toEqual([[], undefined]);
  });

  test("a permission that the CLI's own rules ask for holds the call, too, until the agent is let go", async () => {
    const { calls, gate, held } = open();
    expect(calls.mustWait(asked)).toBe(false);
    gate.pause("jack");
    expect([calls.mustWait(asked), calls.mustWait(hookOf(start))]).toEqual([true, false]);
    const waiting = calls.wait();
    await staysPending(waiting, {
      what: "it waits",
      because: "the gate holds a hook for 1 ms only",
      forMs: 50,
    });
    expect(held()).toBe(1);
    gate.resume();
    await waiting;
    gate.pause("jack");
    gate.shut("lunch");
    expect(calls.mustWait(asked)).toBe(false);
  });

  test("other permissions, calls without an id, and a CLI that does not tell what it asks are left alone", () => {
    const { calls, gate } = open();
    gate.pause("jack");
    calls.ask(hookOf(start));
    expect(calls.isAskedFor(hookOf({ ...start, kind: "permission", tool_use_id: "u2" }))).toBe(false);
    expect(calls.isAskedFor(hookOf(start))).toBe(false);
    expect(calls.ask(hookOf({ kind: "tool_start" }))).toBeUndefined();
    const unopened = createHeldCalls({ gate, events: { send: () => undefined } });
    expect(unopened.ask(hookOf(start))).toBeUndefined();
  });
});
