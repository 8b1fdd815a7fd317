import { describe, expect, test } from "bun:test";
import { createGate } from "../../../src/host/steer/gate.ts";

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
});
