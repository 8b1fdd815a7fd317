// Why an agent needs somebody must stand on the page, unless its badge says just that.
import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { holderName, holdOrderId } from "../../../../src/domain/holding/hold.ts";
import { AttentionLine, StatusBadge } from "../../../../src/web/pages/parts/status-badge.tsx";
import { ago, alive, beatOf, now, orderOf, recordOf, saidOf } from "../../../support/agent-records.ts";

const view = (fields: Partial<AgentRecord>) => viewAgent(recordOf({ ...alive, ...fields }), now);
const line = (fields: Partial<AgentRecord>) => AttentionLine({ view: view(fields), now })?.toString() ?? "";
const session = {
  ...{ started_at: ago(300), last_event_at: ago(20), tools: [], generation: 1, seq: 1 },
  turn: { since: ago(20) },
};

describe("AttentionLine()", () => {
  test("says why, and below that what to do", () => {
    const turn_error = { error: "authentication", detail: "401", remedy: "log in: x", at: ago(9) } as const;
    expect(line({ session: { ...session, turn_error } })).toBe(
      '<p class="attention">authentication failed: 401</p><p class="quiet">log in: x</p>',
    );
    expect(line({ said: saidOf("error", 5, { message: "no disk" }) })).toContain("no disk");
    expect(line({})).toBe("");
  });

  test("says why an agent is held, and until when: the clock time, or the date as well if that is far", () => {
    const receipts = [{ state: "applied", at: ago(9) } as const];
    const pause = { ...orderOf("pause", ...receipts), command_id: holdOrderId("1"), from: holderName };
    const held = (until: string) => {
      const hold = {
        reason: "usage_limit",
        source: "a",
        words: "usage limit",
        since: ago(9),
        until,
      } as const;
      return line({ commands: [pause], holds: [{ ...hold, after_seq: 0 }] });
    };
    const clock = `<time data-clock="true" dateTime="${ago(-600)}" title="2026-01-01 01:10:00 UTC">01:10:00</time>`;
    expect(held(ago(-600))).toBe(`<p class="quiet">usage limit, until ${clock}</p>`);
    expect(held(ago(-86_400))).toContain(', until <time data-moment="true"');
  });

  test("names what the badge does not: a refused tool of an agent that works on, the second need", () => {
    const denied = { tool: "Bash", detail: "no rule allows it", count: 1, at: ago(9) };
    expect(line({ session: { ...session, denied } })).toBe(
      '<p class="quiet">refused Bash: no rule allows it</p>',
    );
    const heartbeat = beatOf(5, { waits_at_terminal: "it may ask for a login" });
    expect(line({ heartbeat })).toContain(">it may ask for a login<");
    const request = (kind: "question" | "permission") => ({ kind, asked_at: ago(9), summary: `a ${kind}` });
    const requests = [
      { ...request("question"), request_id: "r1" },
      { ...request("permission"), request_id: "r2" },
    ];
    expect(line({ requests })).toBe(
      '<p class="attention">a permission</p><p class="attention">asks: a question</p>',
    );
  });

  test("hides no error", () => {
    const waits = [{ since: ago(9), what: "answer", detail: "" }] as const;
    const waiting = { said: saidOf("error"), session: { ...session, waits } };
    expect(view(waiting).status).toBe("waiting");
    expect(StatusBadge({ view: view(waiting) }).toString()).toEndWith("error</span>");
    expect(line(waiting)).toContain("reports an error");
    const turn_error = { error: "server", detail: "500", at: ago(9) } as const;
    expect(line({ session: { ...session, turn_error } })).toContain("its turn failed (server): 500");
  });

  test("shows an agent's words as words", () => {
    expect(line({ said: saidOf("error", 5, { message: "<b>" }) })).toContain("&lt;b&gt;");
  });
});

test("StatusBadge() has the word beside the colour", () => {
  const badge = StatusBadge({ view: view({ said: saidOf("working") }) }).toString();
  expect(badge).toStartWith('<span class="status busy">');
  expect(badge).toEndWith("working</span>");
  const requests = [
    { request_id: "r1", kind: "permission", asked_at: ago(9), summary: "Bash make" } as const,
  ];
  const asks = StatusBadge({ view: view({ said: saidOf("working"), requests }) }).toString();
  expect(asks).toStartWith('<span class="status warn">');
  expect(asks).toEndWith("wants permission</span>");
});
