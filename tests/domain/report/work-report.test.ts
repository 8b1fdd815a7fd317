import { describe, expect, test } from "bun:test";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import type { ReportFacts } from "../../../src/domain/report/report-lines.ts";
import { reportMarkdown } from "../../../src/domain/report/report-markdown.ts";
import { makeWorkReport } from "../../../src/domain/report/work-report.ts";
import type { AgentRequest } from "../../../src/domain/requests.ts";
import { ago, alive, now, orderOf, recordOf } from "../../support/agent-records.ts";
import { ada, bob } from "../../support/agents.ts";

const hour = 3_600;
const facts = (more: Partial<ReportFacts> = {}): ReportFacts => ({
  ...{ sinceMs: now.getTime() - 8 * hour * 1_000, now, views: [], requests: [], sessions: [], records: [] },
  ...{ diffs: new Map(), gaps: [], ...more },
});
const viewOf = (more: object) => viewAgent(recordOf({ ...alive, ...more }), now);
const record = (seq: number, s: number, subject: string, message: object) => ({
  ...{ seq, at: ago(s), subject, message },
});

describe("makeWorkReport()", () => {
  test("says of nothing that nothing was done, and how many agents there are", () => {
    const report = makeWorkReport(facts({ views: [viewOf({})] }));
    expect(report).toMatchObject({ agents: [], quiet_agents: 1, waiting: [], held: [] });
    expect(reportMarkdown(report)).toContain("Nothing was done in this time.");
  });

  test("has the tasks of agents with their ends, from the records and from the history, each once with its evidence", () => {
    const mended = {
      ...orderOf("task", { state: "applied", at: ago(30), detail: "mended" }),
      command_id: "t-1",
    };
    const old = {
      ...orderOf("task", { state: "applied", at: ago(9 * hour) }),
      ...{ command_id: "t-0", issued_at: ago(10 * hour) },
    };
    const waits = { ...orderOf("task", { state: "delivered", at: ago(9 * hour) }), command_id: "t-2" };
    const { agents, totals } = makeWorkReport(
      facts({
        views: [
          viewOf({ commands: [old, { ...mended, summary: "mend it" }, { ...waits, summary: "then" }] }),
        ],
        records: [
          record(7, 60, "agent.ada.command", {
            type: "task",
            command_id: "t-1",
            payload: "mend it",
            from: "me",
          }),
          record(8, 50, "agent.gone.command", {
            type: "task",
            command_id: "t-9",
            payload: { text: "go" },
            from: "me",
          }),
          record(9, 40, "agent.gone.receipt", { command_id: "t-9", state: "failed", detail: "no way" }),
          record(10, 30, "agent.ada.receipt", { command_id: "t-1", state: "applied" }),
        ],
      }),
    );
    expect(agents.map(({ agent_id, tasks }) => [agent_id, tasks])).toEqual([
      [
        "ada",
        [
          expect.objectContaining({
            ...{ command_id: "t-1", text: "mend it", from: "me", state: "applied", detail: "mended", seq: 7 },
            href: "/agents/ada/commands#command-t-1",
          }),
          expect.objectContaining({ command_id: "t-2", state: "delivered" }),
        ],
      ],
      [
        "gone",
        [
          expect.objectContaining({
            ...{ command_id: "t-9", text: "go", state: "failed", detail: "no way", seq: 8 },
            href: "/timeline?agent=gone&record=8#r8",
          }),
        ],
      ],
    ]);
    expect(agents[1]).toMatchObject({ href: "/timeline?agent=gone" });
    expect(agents[1]?.status).toBeUndefined();
    expect(totals).toMatchObject({ tasks: 3, done: 1, failed: 1 });
  });

  test("has what was asked, what waits, what was spent in this time, and what changed", () => {
    const asked: AgentRequest = {
      ...{ request_id: "r-1", agent_id: ada, kind: "question" as const, question: "left?" },
      ...{ on_expiry: "expire" as const, asked_at: ago(100), state: "answered" as const, ended_at: ago(90) },
      answer: { by: "kim", at: ago(90), text: "right" },
    };
    const { answer: _, ...unanswered } = asked;
    const open = { ...unanswered, request_id: "r-2", question: "up?", state: "asked" } as const;
    const session = {
      ...{ agent_id: "ada", session: "s", is_own: false, first_at: ago(9 * hour), last_at: ago(60) },
      ...{ told: {}, audit_seq: 1 },
      quarters: [
        { at: Math.floor((now.getTime() - 9 * hour * 1_000) / 900_000), tokens: 5_000, cost: 9 },
        { at: Math.floor((now.getTime() - 60_000) / 900_000), tokens: 1_200, cost: 0.5 },
      ],
    };
    const request = { request_id: "r-2", kind: "question", asked_at: ago(100), summary: "up?" } as const;
    const report = makeWorkReport(
      facts({
        views: [viewOf({ requests: [request] })],
        requests: [asked, open],
        sessions: [session],
        diffs: new Map([["ada", { files: 2, added: 10, removed: 3, base: "main" }]]),
      }),
    );
    expect(report.agents).toMatchObject([
      {
        ...{ agent_id: "ada", tokens: 1_200, cost: 0.5, diff: { files: 2 } },
        questions: [
          {
            request_id: "r-1",
            text: "left?",
            answer: "right",
            by: "kim",
            href: "/inbox?request=r-1#request-r-1",
          },
          { request_id: "r-2", state: "asked" },
        ],
      },
    ]);
    expect(report.waiting).toMatchObject([
      { agent_id: "ada", text: "asks: up?", request_id: "r-2", href: "/inbox?request=r-2#request-r-2" },
    ]);
    expect(report.totals).toMatchObject({ tokens: 1_200, cost: 0.5, cost_told_by: 1, spenders: 1 });
    const markdown = reportMarkdown(report);
    expect(markdown).toContain("asked: left? → right (kim) — request r-1");
    expect(markdown).toContain("$0.50, 1.2k tokens");
    expect(markdown).toContain("2 files, +10 −3 since main");
    const linked = reportMarkdown(report, "http://h:1");
    expect(linked).toContain("[$0.50, 1.2k tokens](http://h:1/agents/ada/cost)");
    expect(linked).toContain("[2 files, +10 −3 since main](http://h:1/agents/ada/changes)");
    expect(linked).toContain("[request r-1](http://h:1/inbox?request=r-1#request-r-1)");
  });

  test("has what was held and why: pauses with their length, stops, and calls that did not run, counted", () => {
    const command = (seq: number, s: number, more: object) =>
      record(seq, s, "agent.ada.command", { from: "kim", ...more });
    const refused = { kind: "tool_start_refused", tool: "Edit", detail: "a.ts is reserved by bob" };
    const { held } = makeWorkReport(
      facts({
        records: [
          command(1, 700, { type: "pause", payload: "usage limit" }),
          command(2, 100, { type: "resume" }),
          record(3, 80, "agent.ada.event", refused),
          record(4, 70, "agent.ada.event", refused),
          command(5, 60, { type: "stop", payload: { reason: "enough" } }),
          record(6, 50, "agent.bob.shutdown", { reason: "the machine goes down", from: "kim" }),
        ],
      }),
    );
    expect(held).toMatchObject([
      { kind: "pause", by: "kim", why: "usage limit", until: ago(100), seq: 1 },
      { kind: "refused", why: "Edit: a.ts is reserved by bob", times: 2, seq: 4 },
      { kind: "stop", why: "enough", by: "kim" },
      { agent_id: "bob", kind: "shutdown", why: "the machine goes down" },
    ]);
  });

  test("has no pause that was not carried out, and each agent that was held before and is still", () => {
    const pause = { ...orderOf("pause", { state: "applied", at: ago(9 * hour) }), issued_at: ago(9 * hour) };
    const { held } = makeWorkReport(
      facts({
        views: [viewOf({ commands: [pause] })],
        records: [
          record(1, 60, "agent.bob.command", { type: "pause", command_id: "p-1", from: "kim" }),
          record(2, 50, "agent.bob.receipt", { command_id: "p-1", state: "failed" }),
        ],
      }),
    );
    expect(held).toMatchObject([
      {
        agent_id: "ada",
        kind: "pause",
        why: expect.stringContaining("pause"),
        href: "/agents/ada#agent-axes",
      },
    ]);
    expect(held).toHaveLength(1);
    const report = makeWorkReport(facts({ views: [viewOf({ commands: [pause] })] }));
    expect(reportMarkdown(report)).toMatch(/\*\*ada\*\* was paused.* — cliai show ada\n/);
  });

  test("has what went wrong, each once with its number; failing tools are counted together", () => {
    const event = (seq: number, more: object) => record(seq, 100 - seq, "agent.bob.event", more);
    const { agents } = makeWorkReport(
      facts({
        records: [
          event(1, { kind: "tool_failed", tool: "Bash", detail: "exit code 1" }),
          event(2, { kind: "turn_failed", error: "overloaded", detail: "503" }),
          event(3, { kind: "tool_failed", tool: "Bash", detail: "exit code 2" }),
          record(4, 10, "agent.bob.status", { status: "crashed", message: "SIGKILL" }),
        ],
      }),
    );
    expect(agents).toMatchObject([
      {
        agent_id: bob,
        troubles: [
          { kind: "turn_failed", text: "its turn failed: 503" },
          { kind: "tool_failed", text: "a tool failed: Bash: exit code 2", times: 2, seq: 3 },
          { kind: "crashed", text: "it crashed: SIGKILL" },
        ],
      },
    ]);
  });
});

describe("reportMarkdown()", () => {
  const report = makeWorkReport(
    facts({
      records: [
        record(1, 60, "agent.bob.command", {
          ...{ type: "task", command_id: "t-1", from: "me" },
          payload: "[x](http://evil) `rm`\n\u001b[31m# head",
        }),
      ],
      gaps: ["receipts from before noon: too many"],
    }),
  );

  test("shows what agents and people wrote as it is: no link, no heading, no control character", () => {
    expect(reportMarkdown(report)).toContain(
      "task “\\[x\\](http://evil) \\`rm\\` \\[31m\\# head” (from me): waits",
    );
  });

  test("links each line to its evidence if it knows the dashboard, and names it in words if not", () => {
    expect(reportMarkdown(report, "http://h:1")).toContain(
      "— [command t-1, audit 1](http://h:1/timeline?agent=bob&record=1#r1)",
    );
    expect(reportMarkdown(report)).toContain("— command t-1, audit 1");
    expect(reportMarkdown(report)).toContain(
      "## Not in this report\n\n- receipts from before noon: too many",
    );
  });
});
