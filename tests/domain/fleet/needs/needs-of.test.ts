// What about an agent counts as a need. tests/domain/fleet/needs/gone-need.test.ts has the agents that are away.
import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { ago, alive, beatOf, now, orderOf, recordOf, saidOf } from "../../../support/agent-records.ts";

const needs = (fields: Partial<AgentRecord>) => viewAgent(recordOf({ ...alive, ...fields }), now).needs;
const kinds = (fields: Partial<AgentRecord>) => needs(fields).map(({ kind }) => kind);
const request = (kind: "question" | "permission" | "stop_approval", s: number) => ({
  ...{ request_id: `${kind}-${s}`, kind, asked_at: ago(s), summary: `${kind} of ${s} s` },
});
const session = {
  ...{ started_at: ago(300), last_event_at: ago(20), tools: [], generation: 1, seq: 1 },
  turn: { since: ago(200), ended_at: ago(20) },
};
const works = { ...session, turn: { since: ago(20) } };

describe("needsOf()", () => {
  test("is empty for an agent that works, rests, or is paused", () => {
    expect(needs({ session: works })).toEqual([]);
    expect(needs({ session })).toEqual([]);
    expect(needs({ said: saidOf("paused") })).toEqual([]);
  });

  test("has each open request, with its id; the approvals first, then the oldest", () => {
    const requests = [request("question", 90), request("question", 60), request("permission", 30)];
    expect(needs({ session: works, requests })).toEqual([
      { kind: "permission", since: ago(30), reason: "permission of 30 s", request_id: "permission-30" },
      { kind: "question", since: ago(90), reason: "question of 90 s", request_id: "question-90" },
      { kind: "question", since: ago(60), reason: "question of 60 s", request_id: "question-60" },
    ]);
    expect(kinds({ requests: [request("stop_approval", 9)], heartbeat: beatOf(900) })).toEqual([
      "stop_approval",
    ]);
  });

  test("has what the axis attention says, with its cause and its remedy", () => {
    const failed = (error: "authentication" | "usage_limit" | "overloaded" | "other") =>
      needs({ session: { ...session, turn_error: { error, detail: "x", remedy: "do it", at: ago(9) } } });
    expect(failed("authentication")).toEqual([
      {
        ...{ kind: "stuck", since: ago(9), reason: "authentication failed: x", hint: "do it" },
        cause: "authentication failed",
      },
    ]);
    expect(failed("usage_limit")).toMatchObject([{ kind: "limit", cause: "usage limit reached" }]);
    expect(failed("overloaded")).toMatchObject([{ kind: "error", cause: "its turn failed (overloaded)" }]);
    expect(failed("other")).toMatchObject([{ kind: "error" }]);
    expect(failed("other")[0]).not.toHaveProperty("cause");
    expect(kinds({ said: saidOf("blocked") })).toEqual(["stuck"]);
  });

  test("has an error beside a question, because each wants something else", () => {
    expect(kinds({ said: saidOf("error"), requests: [request("question", 9)] })).toEqual([
      "error",
      "question",
    ]);
  });

  test("says of a dialog that only its terminal takes the answer", () => {
    const waits = [{ since: ago(9), what: "permission", tool: "Bash", detail: "make" }] as const;
    expect(needs({ session: { ...works, waits } })).toEqual([
      {
        ...{ kind: "permission", since: ago(9), reason: "waits for a permission: Bash make" },
        at_terminal: true,
      },
    ]);
    const heartbeat = beatOf(5, { waits_at_terminal: "it may ask for a login" });
    expect(needs({ heartbeat })).toMatchObject([{ kind: "terminal", at_terminal: true }]);
  });

  test("has a refused tool, and an order that is not taken up, only once the agent does nothing else", () => {
    const denied = { tool: "Bash", detail: "no rule allows it", count: 1, at: ago(30) };
    expect(kinds({ session: { ...works, denied } })).toEqual([]);
    expect(kinds({ session: { ...session, denied } })).toEqual(["refused"]);
    const commands = [orderOf("task", { state: "delivered", at: ago(90) })];
    expect(kinds({ session: works, commands })).toEqual([]);
    expect(kinds({ session, commands })).toEqual(["unseen"]);
  });
});
