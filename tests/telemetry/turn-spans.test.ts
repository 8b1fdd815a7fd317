import { describe, expect, test } from "bun:test";
import { createTurns } from "../../src/telemetry/turn-spans.ts";
import { agentAfter, ran, time } from "../domain/fleet/session-events.ts";

describe("createTurns()", () => {
  test.each([
    ["usage_limit", "usage_limit"],
    ["a secret text of the agent", "other"],
    [undefined, "other"],
  ])("a turn that failed with %s has the error type %s", (error, word) => {
    const fields = error === undefined ? {} : { error };
    const told = ran(["turn_failed", 5, fields]);
    const event = { kind: "turn_failed", ...fields };
    const [span] = createTurns().take(agentAfter(told.slice(0, -1)), agentAfter(told), event, time(5));
    expect([span?.name, span?.error]).toEqual(["invoke_agent ada", word]);
  });
});
