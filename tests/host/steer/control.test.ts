// What becomes of each kind of control order, before and after the end of the session.
import { describe, expect, test } from "bun:test";
import type { TakenOrder } from "../../../src/agent-link/read-order.ts";
import { createControl } from "../../../src/host/steer/control.ts";
import type { Pauses } from "../../../src/host/steer/pauses.ts";
import type { Stops } from "../../../src/host/steer/stops.ts";

const order = (type: TakenOrder["type"]): TakenOrder => ({
  ...{ command_id: type, type, from: "me", reason: "", force: false },
});

function control(endedHow?: string) {
  const done: string[] = [];
  const written: object[] = [];
  const note = (what: string) => (each: TakenOrder | string) =>
    void done.push(`${what} ${typeof each === "string" ? each : each.type}`);
  const pauses = {
    hold(each: TakenOrder) {
      note("hold")(each);
      return () => void done.push("let go");
    },
    ...{ pause: note("pause"), resume: note("resume"), fail: note("fail") },
    turnEnded: () => undefined,
  };
  const stops = {
    ...{ take: note("stop"), endedHow: () => endedHow },
    ended: async (how: string) => note("ended")(how),
    ...{ quiet: () => undefined, stop: () => undefined, isCuttingOff: () => false },
  };
  const built = createControl({
    pauses: pauses as unknown as Pauses,
    stops: stops as unknown as Stops,
    receipts: { write: (receipt) => void written.push(receipt) },
  });
  return { ...built, done, written };
}

describe("createControl()", () => {
  test("holds tool calls as soon as a pause arrives, and no other order; undone if the order is not taken", () => {
    const { arrived, done } = control();
    for (const type of ["stop", "shutdown", "resume", "task"] as const) arrived(order(type))();
    expect(done).toEqual([]);
    arrived(order("pause"))();
    expect(done).toEqual(["hold pause", "let go"]);
  });

  test("gives each order to what carries it out, and writes no receipt of its own", () => {
    const { take, done, written } = control();
    for (const type of ["pause", "resume", "stop", "shutdown"] as const) take(order(type));
    expect(done).toEqual(["pause pause", "resume resume", "stop stop", "stop shutdown"]);
    expect(written).toEqual([]);
  });

  test("after the end fails a pause and a resume with how it ended, and holds nothing; a stop has what it asked for", () => {
    const { arrived, take, done, written } = control("exit code 0");
    arrived(order("pause"));
    for (const type of ["pause", "resume", "stop"] as const) take(order(type));
    expect(done).toEqual(["stop stop"]);
    const failed = { state: "failed", route: "hook", detail: "the session has ended: exit code 0" };
    expect(written).toEqual([
      { command_id: "pause", ...failed },
      { command_id: "resume", ...failed },
    ] as never);
  });

  test("fails the pauses that are open once the stops have their end", async () => {
    const { ended, done } = control();
    await ended("SIGKILL");
    expect(done).toEqual(["ended SIGKILL", "fail the session has ended: SIGKILL"]);
  });
});
