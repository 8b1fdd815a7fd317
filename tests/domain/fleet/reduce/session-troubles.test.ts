import { describe, expect, test } from "bun:test";
import { statusMark } from "../../../../src/cli/fleet/status-mark.ts";
import { sectionOf } from "../../../../src/domain/fleet/shown/sections.ts";
import { agentAfter, hosted, type Told, viewAt } from "../session-events.ts";

const began: Told[] = [
  ["session_start", 1],
  ["prompt", 2],
];
const viewAfter = (s: number, ...events: Told[]) => viewAt(s, agentAfter(hosted([...began, ...events])));
const bash = { tool: "Bash", tool_use_id: "t1" };
const denied: Told = [
  "tool_denied",
  4,
  { ...bash, detail: "no rule allows it", remedy: 'allow it: "allowed_tools": ["Bash"]' },
];
const retry = (s: number, detail: string, error = "overloaded"): Told => ["retry", s, { detail, error }];

describe("a tool that the CLI's own rules refused", () => {
  test("wants a person, with what would allow it, and does not run any more", () => {
    const view = viewAfter(5, ["tool_start", 3, bash], denied);
    expect(view.axes.attention).toMatchObject({
      value: "refused",
      reason: "Bash: no rule allows it",
      hint: 'allow it: "allowed_tools": ["Bash"]',
    });
    expect(statusMark(view).text).toBe("● working !refused Bash: no rule allows it");
    expect(view.axes.activity.reason).toBe("a turn is open");
  });

  test("stands when the turn has ended, and until the next prompt", () => {
    const ended = [denied, ["turn_end", 6]] as const;
    expect(viewAfter(7, ...ended).axes.attention.value).toBe("refused");
    expect(viewAfter(9, ...ended, ["prompt", 8]).axes.attention.value).toBe("none");
  });

  test("is counted with the others of its turn, of which the last is named; it waits since the first", () => {
    const view = viewAfter(7, denied, ["tool_denied", 5, { tool: "Write", detail: "no rule allows it" }]);
    expect(view.axes.attention.reason).toBe("Write: no rule allows it (and 1 more)");
    expect(view.axes.attention.hint).toBeUndefined();
    expect(view.axes.attention.age_s).toBe(3);
  });
});

describe("a request to the model that the CLI makes again", () => {
  test("reads retrying, with which of how many it is and why", () => {
    const view = viewAfter(9, retry(3, "1/10: 529 overloaded"), retry(5, "2/10: 529 overloaded"));
    expect(statusMark(view).text).toBe("↻ retrying 2/10: 529 overloaded");
    expect(view.status).toBe("retrying");
    expect(sectionOf(view)).toBe("working");
    expect(view.axes.activity.age_s).toBe(6);
    expect(view.axes.attention.value).toBe("none");
  });

  test("for want of authentication wants a person at once", () => {
    const view = viewAfter(4, retry(3, "1/10: 401 authentication_failed", "authentication"));
    expect(view.axes.attention).toMatchObject({
      value: "stuck",
      reason: "authentication failed: its CLI tries again, 1/10: 401 authentication_failed",
    });
    expect(statusMark(view).text).toBe("▲ stuck: authentication failed");
    const told = { error: "authentication", detail: "401", remedy: "log in: codex login" };
    for (const event of [["retry", 3, told] as const, ["turn_failed", 3, told] as const]) {
      const known = viewAfter(4, event);
      expect(known.axes.attention).toMatchObject({ value: "stuck", hint: "log in: codex login" });
      expect(statusMark(known).text).toBe("▲ stuck: log in: codex login");
    }
  });

  test("at a usage limit says so, and when its model has answered after that", () => {
    const limit = retry(3, "attempt 2: 429", "usage_limit");
    expect(statusMark(viewAfter(9, limit)).text).toBe("↻ retrying usage limit: attempt 2: 429");
    const passedAfter = (kind: string) =>
      viewAfter(9, limit, [kind, 6]).session?.limit_passed_at !== undefined;
    const kinds = ["retry_end", "tool_start", "turn_end", "turn_failed", "prompt", "usage"];
    expect(kinds.filter(passedAfter)).toEqual(["retry_end", "tool_start"]);
    const overload = viewAfter(9, retry(3, "2/10: 529 overloaded"), ["retry_end", 6]);
    expect(overload.session).not.toHaveProperty("limit_passed_at");
  });

  test.each([["retry_end"], ["tool_start"], ["turn_end"], ["turn_failed"], ["prompt"], ["session_end"]])(
    "is over with the event %s",
    (kind) => {
      const view = viewAfter(9, retry(3, "1/10: 529 overloaded"), [kind, 6]);
      expect(view.status).not.toBe("retrying");
    },
  );

  test.each([["usage"], ["notification"], ["background"]])("goes on with the event %s", (kind) => {
    const view = viewAfter(9, retry(3, "1/10: 529 overloaded"), [kind, 6]);
    expect(view.status).toBe("retrying");
  });
});

describe("an agent that has lost cliai's tools", () => {
  const remedy = "stop the agent, then: cliai resume ada";
  const lost = (more: object): Told => ["tools_lost", 4, { detail: "cliai's MCP server has ended", ...more }];

  test("wants a person, with what brings them back, until they are back", () => {
    expect(viewAfter(5, lost({ remedy }), ["turn_end", 5]).axes.attention).toMatchObject({
      value: "error",
      reason: "cliai's MCP server has ended",
      hint: remedy,
    });
    expect(viewAfter(7, lost({ remedy }), ["tools_back", 6]).axes.attention.value).toBe("none");
  });

  test("wants nobody if its CLI starts the server again by itself", () => {
    expect(viewAfter(5, lost({})).axes.attention.value).toBe("none");
  });

  test("has lost them in the next session of the same run, too, until they are back", () => {
    const end: Told = ["session_end", 6, { detail: "clear" }];
    const start: Told = ["session_start", 7, { session_id: "s2" }];
    expect(viewAfter(8, lost({ remedy }), end, start).axes.attention).toMatchObject({ hint: remedy });
    expect(viewAfter(8, lost({ remedy }), start).axes.attention).toMatchObject({ hint: remedy });
    expect(viewAfter(8, end, lost({ remedy }), start).axes.attention).toMatchObject({ hint: remedy });
    expect(viewAfter(8, lost({ remedy }), end, ["tools_back", 6], start).axes.attention.value).toBe("none");
  });

  test("is what another run of the agent is not", () => {
    const next: Told = ["session_start", 6, { generation: 2_000, seq: 1 }];
    expect(viewAfter(7, lost({ remedy }), next).axes.attention.value).toBe("none");
  });
});
