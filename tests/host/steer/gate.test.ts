import { describe, expect, test } from "bun:test";
import { createGate } from "../../../src/host/steer/gate.ts";
import { staysPending } from "../../support/wait-for.ts";

function gateOf(holdMs = 60_000) {
  let held = 0;
  const onHeld = () => {
    held += 1;
  };
  const gate = createGate({ holdMs, onHeld });
  return { gate, held: () => held };
}

describe("createGate()", () => {
  test("an open gate lets pass at once, and nothing is held", async () => {
    const { gate, held } = gateOf();
    expect(await gate.pass()).toEqual({ type: "go" });
    expect(held()).toBe(0);
  });

  test("a paused gate holds each call until it is resumed", async () => {
    const { gate, held } = gateOf();
    gate.pause("eve");
    const passes = [gate.pass(), gate.pass()];
    expect(held()).toBe(2);
    expect(await Promise.race([...passes, Promise.resolve("held")])).toBe("held");
    gate.resume();
    expect(await Promise.all(passes)).toEqual([{ type: "go" }, { type: "go" }]);
  });

  test("a gate that is shut while it holds denies what it holds, and all that comes, also after a resume", async () => {
    const { gate } = gateOf();
    gate.pause("eve");
    const pass = gate.pass();
    gate.shut("eve has asked you to stop");
    expect(await pass).toEqual({ type: "deny", reason: "eve has asked you to stop" });
    gate.resume();
    expect(await gate.pass()).toMatchObject({ type: "deny" });
  });

  test("beyond the time that the CLI waits, a held call is denied with words that make the agent wait", async () => {
    const { gate } = gateOf(20);
    gate.pause("eve");
    const answer = await gate.pass();
    expect(answer).toMatchObject({ type: "deny", reason: expect.stringContaining("paused by eve") });
    expect(gate.pausedBy()).toBe("eve");
  });

  test("a call of a CLI that waits without a limit is held for as long as the pause lasts", async () => {
    const { gate } = gateOf(20);
    gate.pause("eve");
    const pass = gate.pass(undefined, Number.POSITIVE_INFINITY);
    await staysPending(pass, {
      what: "it is held",
      because: "the longest hold of another CLI is over",
      forMs: 100,
    });
    gate.resume();
    expect(await pass).toEqual({ type: "go" });
  });

  test.each([
    ["it is let go", ({ gate }: ReturnType<typeof gateOf>) => gate.resume()],
    ["it has to stop", ({ gate }: ReturnType<typeof gateOf>) => gate.shut("stop")],
    ["nobody waits any more", (_: unknown, over: AbortController) => over.abort()],
  ])("what a paused agent is to be told next waits until %s", async (_how, act) => {
    const gated = gateOf(20);
    const over = new AbortController();
    await gated.gate.whenLetGo(over.signal);
    gated.gate.pause("eve");
    const waiting = gated.gate.whenLetGo(over.signal);
    expect([gated.held(), gated.gate.holding()]).toEqual([1, "its next prompt"]);
    await staysPending(waiting, {
      what: "it waits",
      because: "the longest hold of a call is over",
      forMs: 100,
    });
    act(gated, over);
    await waiting;
    expect(gated.gate.holding()).toBeUndefined();
  });
});
