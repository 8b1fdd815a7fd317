// The status of an agent in one line of the terminal.
import { expect, test } from "bun:test";
import { statusMark } from "../../../src/cli/fleet/status-mark.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { ago, alive, now, recordOf, saidOf } from "../../support/agent-records.ts";

const mark = (fields: Parameters<typeof recordOf>[0]) => statusMark(viewAgent(recordOf(fields), now));
const session = { started_at: ago(300), last_event_at: ago(20), tools: [], turn: { since: ago(20) } };

test("statusMark() is red as soon as the agent needs somebody, and else of its status", () => {
  expect(mark({ ...alive, said: saidOf("working") })).toEqual({ text: "● working", colour: "green" });
  const requests = [{ request_id: "r1", kind: "question", asked_at: ago(9), summary: "Which?" } as const];
  const asks = mark({ ...alive, said: saidOf("working"), requests });
  expect([asks.text, asks.colour]).toEqual(["! asks", "red"]);
});

test("statusMark() says once that the agent is stuck, and then why", () => {
  const turn_error = {
    error: "authentication",
    detail: "401",
    remedy: "log in: claude",
    at: ago(9),
  } as const;
  const text = mark({ ...alive, session: { ...session, turn_error } }).text;
  expect(text).toBe("▲ stuck: log in: claude");
});

test("statusMark() writes nothing that the terminal would obey", () => {
  const waits_at_terminal = "\u001b[2J";
  expect(mark({ heartbeat: { ...alive.heartbeat, waits_at_terminal } }).text).not.toContain("\u001b");
});
