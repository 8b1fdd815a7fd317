// The inbox: all that waits for a person, oldest first, with what each holds up and what a person can do.
import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { type AgentRequest, openRequestOf } from "../../../src/domain/requests.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { InboxContent } from "../../../src/web/pages/inbox-page.tsx";
import { ago, alive, beatOf, now, orderOf, recordOf, saidOf } from "../../support/agent-records.ts";
import { shownText } from "../../support/shown-text.ts";

const session = {
  ...{ started_at: ago(900), last_event_at: ago(300), tools: [], generation: 1, seq: 1, session_id: "s1" },
  turn: { since: ago(600) },
};
const view = (id: string, fields: Partial<AgentRecord>) =>
  viewAgent(recordOf({ agent_id: parseAgentId(id), ...alive, ...fields }), now);
const question = (id: string, s: number, more: Partial<AgentRequest> = {}): AgentRequest => ({
  ...{ request_id: `of-${id}`, agent_id: parseAgentId(id), kind: "question", question: `${id}'s question?` },
  ...{ asked_at: ago(s), expires_at: ago(-2_700), on_expiry: "expire", state: "asked", ...more },
});
const asks = (request: AgentRequest, more: Partial<AgentRecord> = {}) =>
  view(request.agent_id, { requests: [openRequestOf(request)], ...more });
const failed = (id: string, s: number) =>
  view(id, {
    session: {
      ...session,
      turn: { since: ago(600), ended_at: ago(s) },
      turn_error: { error: "authentication", detail: "401", remedy: "log in: claude", at: ago(s) },
    },
  });
const died = (fields: Partial<AgentRecord> = {}) =>
  view("bob", {
    heartbeat: beatOf(90),
    said: saidOf("crashed", 90, { message: "SIGKILL" }),
    session,
    ...fields,
  });

const html = (views: ReturnType<typeof view>[], requests: AgentRequest[] = []) =>
  InboxContent({ requests, views, now }).toString();
const text = (...of: Parameters<typeof html>) => shownText(html(...of));
const headings = (markup: string) =>
  [...markup.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, inner = ""]) =>
    inner
      .replace(/<time.*<\/time>/, "")
      .replaceAll(/<[^>]+>/g, "")
      .trim(),
  );

describe("InboxContent()", () => {
  test("lists every need, oldest first, one cause of several agents once, and counts all of them", () => {
    const [young, old] = [question("ada", 30), question("eve", 200)];
    const markup = html(
      [failed("cleo", 100), asks(young), failed("dan", 20), died(), asks(old)],
      [young, old],
    );
    expect(headings(markup)).toEqual([
      "eve asks",
      "authentication failed · 2 agents",
      "bob died",
      "ada asks",
    ]);
    expect(markup).toContain('data-count="5"');
    expect(markup.match(/log in: claude/g)).toHaveLength(1);
    expect(markup).toContain('name="agents" value="cleo"');
    expect(markup).toContain('name="agents" value="dan"');
  });

  test("lets an agent at a limit go on by a resume, because it takes no words until then", () => {
    const turn_error = { error: "usage_limit" as const, detail: "429", at: ago(20) };
    const limited = view("ada", {
      session: { ...session, turn: { since: ago(600), ended_at: ago(20) }, turn_error },
    });
    const markup = html([limited]);
    expect(markup).toContain('name="act" value="resume"');
    expect(markup).not.toContain('value="go_on"');
  });

  test("has what a captain has handed over first", () => {
    const handed = question("ada", 30, { escalated: { by: "cap", at: ago(5), reason: "not mine" } });
    const old = question("eve", 200);
    expect(headings(html([asks(old), asks(handed)], [old, handed]))).toEqual(["ada asks", "eve asks"]);
  });

  test("says what a question holds up, and how long it stands, in the reader's terms", () => {
    const asked = question("ada", 30);
    const task = { ...orderOf("task", { state: "seen", at: ago(90) }), from: "bob" };
    const shown = text(
      [asks(asked, { current_task: "sort the mail", commands: [task] }), view("bob", {})],
      [asked],
    );
    expect(shown).toContain("Task: sort the mail");
    expect(shown).toContain("It holds up bob , which waits for it.");
    expect(shown).toContain("Without an answer, in 45 min it goes unanswered.");
  });

  test("asks of a budget that is used up how much more, with amounts to press and a field for another", () => {
    const about = { budget_id: "b-1", period: "2026-11-29", amount: 5, unit: "usd" } as const;
    const choices = ["add $5.00", "add $2.50", "stop"];
    const request = question("ada", 30, {
      kind: "budget",
      question: "$5.10 of $5.00",
      choices,
      budget: about,
    });
    const markup = html([asks(request)], [request]);
    expect(headings(markup)).toEqual(["ada is over its budget"]);
    for (const choice of choices) expect(markup).toContain(`name="choice" value="${choice}"`);
    expect(shownText(markup)).toContain("Or in words");
  });

  test("says of an agent that died what is lost, what waits for it, and how it comes back or goes", () => {
    const commands = [orderOf("task", { state: "stored", at: ago(50) })];
    const shown = text([died({ commands })]);
    expect(shown).toContain("while working: SIGKILL");
    expect(shown).toContain("It holds up 1 order, which it will receive when it is back");
    expect(shown).toMatch(/Resume Remove bob … .* queue \(1 order\), .* Remove bob/);
  });

  test("leads from one that failed to start to the filled form that tries it again", () => {
    const said = saidOf("failed_to_start", 30, { message: "no program claude" });
    const launch_task = { text: "write <docs> & tests", at: ago(40) };
    const { heartbeat: _, ...rest } = recordOf({ said, launch_task, config_name: "demo" });
    const markup = html([viewAgent({ ...rest, agent_id: parseAgentId("bob") }, now)]);
    const [, query = ""] = /href="\/spawn\?([^"]*)"/.exec(markup) ?? [];
    expect(Object.fromEntries(new URLSearchParams(query.replaceAll("&amp;", "&")))).toEqual({
      ...{ profile: "demo", id: "bob", task: "write <docs> & tests" },
    });
    expect(shownText(markup)).toContain("no program claude");
  });

  test("shows words of agents as words", () => {
    const said = saidOf("error", 5, { message: "<img src=x>" });
    expect(html([view("ada", { said })])).not.toContain("<img");
  });

  test("says so if nothing waits", () => {
    expect(text([view("ada", { session })])).toContain("Nothing needs you 1 agent is working.");
  });
});
