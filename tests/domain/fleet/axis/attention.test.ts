import { describe, expect, test } from "bun:test";
import type { FleetEvent } from "../../../../src/domain/fleet/reduce-agent.ts";
import { agentAfter, bash, id, ran, type Told, time, viewAt } from "../session-events.ts";

describe("deriveAttention() of an agent that waits at a terminal that was closed", () => {
  const closed = (fields: object = {}): FleetEvent => ({
    ...{ type: "heartbeat", id, at: time(6) },
    message: { instance_id: "run-1", terminal_closed: true, ...fields },
  });
  const hint =
    "its window is closed, so nobody can answer there; end it and open its session here: cliai resume ada --terminal";
  const attention = (...events: (Told | FleetEvent)[]) => viewAt(9, agentAfter(events)).axes.attention;
  const asks = ran(["tool_start", 3, bash], ["permission", 4, { tool: "Bash", detail: "make" }]);

  test("says what to do: with its CLI's first question, and with a dialog", () => {
    const waits_at_terminal = "it may ask whether it trusts this folder";
    expect(attention(closed({ waits_at_terminal }))).toMatchObject({ value: "terminal", hint });
    expect(attention(...asks, closed())).toMatchObject({ value: "approval", hint });
  });

  test("and not while its window is open, nor of what is asked in the inbox, nor of what needs nobody there", () => {
    expect(attention(...asks)).not.toHaveProperty("hint");
    const open = [{ request_id: "r1", kind: "permission", asked_at: time(4), summary: "Bash make" }] as const;
    const request: FleetEvent = { type: "requests", id, at: time(5), open };
    expect(attention(...asks, request, closed())).not.toHaveProperty("hint");
    expect(attention(...ran(["tool_start", 3, bash]), closed())).toMatchObject({ value: "none" });
  });
});
