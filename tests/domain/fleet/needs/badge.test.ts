import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { badgeOf } from "../../../../src/domain/fleet/needs/badge.ts";
import { ago, alive, beatOf, now, recordOf, saidOf } from "../../../support/agent-records.ts";

const badge = (fields: Partial<AgentRecord>) => badgeOf(viewAgent(recordOf({ ...alive, ...fields }), now));
const session = {
  ...{ started_at: ago(300), last_event_at: ago(20), tools: [], generation: 1, seq: 1 },
  turn: { since: ago(200) },
};
const request = (kind: "question" | "permission" | "stop_approval") => ({
  session,
  requests: [{ request_id: "r1", kind, asked_at: ago(9), summary: "x" }],
});

describe("badgeOf()", () => {
  test.each([
    ["question", "asks"],
    ["permission", "wants permission"],
    ["stop_approval", "wants to stop"],
  ] as const)("of an agent that works on while a %s waits is %p, and not green", (kind, text) => {
    const view = viewAgent(recordOf({ ...alive, ...request(kind) }), now);
    expect(view.status).toBe("working");
    expect(badgeOf(view)).toMatchObject({ text, colour: "red", tone: "warn" });
  });

  test("is the status of an agent that needs nobody", () => {
    expect(badge({ session })).toMatchObject({ text: "working", colour: "green", tone: "busy" });
  });

  test("says of one that is paused that it is, beside what it needs", () => {
    const said = saidOf("paused");
    expect(badge({ said }).text).toBe("paused");
    expect(badge({ said, requests: request("question").requests }).text).toBe("asks · paused");
  });

  test("says how an agent died, and what an agent at a limit waits for", () => {
    const died = { session, heartbeat: beatOf(90), said: saidOf("crashed", 60, { message: "SIGKILL" }) };
    expect(badge(died)).toMatchObject({ text: "died", detail: "SIGKILL", tone: "bad" });
    const turn_error = { error: "usage_limit", detail: "until 3 pm", at: ago(9) } as const;
    expect(badge({ session: { ...session, turn_error } })).toMatchObject({
      ...{ text: "at a limit", detail: "usage limit reached" },
    });
  });
});
