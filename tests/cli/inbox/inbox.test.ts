// How a request is shown to the person who is to answer it, and which dialogs the inbox cannot answer.
import { describe, expect, test } from "bun:test";
import { answerForm, requestLines, waitsAtTerminal } from "../../../src/cli/inbox/inbox.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import type { AgentRequest } from "../../../src/domain/requests.ts";
import { ago, alive, beatOf, now, recordOf } from "../../support/agent-records.ts";
import { ada } from "../../support/agents.ts";

const question: AgentRequest = {
  ...{ request_id: "r1", agent_id: ada, kind: "question", question: "Which\ncolour?", asked_at: ago(120) },
  ...{ expires_at: ago(-90), on_expiry: "expire", state: "asked" },
};
const lines = (fields: Partial<AgentRequest> = {}) =>
  requestLines({ ...question, ...fields }, { color: false, now: () => now });

describe("requestLines()", () => {
  test("shows who asks what since when, until when, what then happens, and how to answer", () => {
    expect(lines()).toEqual([
      "r1  ada  question  2 min ago",
      "  Which",
      "  colour?",
      "  in 1 min: it goes unanswered",
      '  cliai answer r1 "…"',
    ]);
  });

  test.each([
    [{ kind: "stop_approval" }, "wants to stop"],
    [{ kind: "permission" }, "wants permission"],
    [{ kind: "permission", plan: true }, "wants its plan approved"],
  ] as const)("calls %p what it is: %p", (fields, words) => {
    expect(lines(fields)[0]).toBe(`r1  ada  ${words}  2 min ago`);
  });

  test("numbers the choices from 1, as `cliai answer` reads them, and shows the context below", () => {
    const shown = lines({ choices: ["red", "blue"], context: "the door" });
    expect(shown.slice(3, 7)).toEqual(["  1. red", "  2. blue", "", "  the door"]);
    expect(lines({ context: "" })).toEqual(lines());
  });

  test("says of one that is over in this moment that it expires now, and of one without an end nothing", () => {
    expect(lines({ expires_at: ago(0) })).toContain("  expires now: it goes unanswered");
    const { expires_at: _, ...endless } = question;
    const shown = requestLines(endless, { color: false, now: () => now });
    expect(shown.some((line) => line.includes("unanswered"))).toBe(false);
  });

  test("says that a captain has passed it on, and why", () => {
    const escalated = { by: "bob", at: ago(60), reason: "not mine" };
    expect(lines({ escalated })[1]).toBe("  escalated by bob: not mine");
  });

  test("writes nothing that the terminal would obey: of the question, the choices, the context, the captain", () => {
    const evil = "\u001b[2J";
    const escalated = { by: "bob", at: ago(60), reason: evil };
    const shown = lines({ question: evil, choices: [evil], context: evil, escalated });
    expect(shown.join("\n")).not.toContain("\u001b");
  });
});

test("answerForm() names the form that the request takes", () => {
  expect(answerForm({ ...question, kind: "permission" })).toBe(
    'cliai answer r1 --approve, or --refuse --reason "…"',
  );
  expect(answerForm({ ...question, choices: ["red"] })).toBe('cliai answer r1 NUMBER, or "…"');
  expect(answerForm(question)).toBe('cliai answer r1 "…"');
  expect(answerForm({ ...question, choices: [] })).toBe('cliai answer r1 "…"');
  const questions = [{ question: "Which?", choices: [{ label: "red" }, { label: "blue" }], several: true }];
  expect(answerForm({ ...question, questions })).toBe("cliai answer r1 1,2, or in words");
});

test("waitsAtTerminal() holds for what only the agent's own terminal takes, and for no request of the inbox", () => {
  const waits = (fields: Parameters<typeof recordOf>[0]) => waitsAtTerminal(viewAgent(recordOf(fields), now));
  expect(waits({ heartbeat: beatOf(5, { waits_at_terminal: "it may ask for a login" }) })).toBe(true);
  const session = { started_at: ago(300), last_event_at: ago(20), tools: [] };
  const dialog = (what: "permission" | "answer") => ({
    ...{ ...alive, session: { ...session, waits: [{ since: ago(20), what, detail: "" }] } },
  });
  expect([waits(dialog("permission")), waits(dialog("answer"))]).toEqual([true, true]);
  const { request_id, kind, asked_at } = question;
  const requests = [{ request_id, kind, asked_at, summary: "Which?" }];
  expect(waits({ ...dialog("permission"), requests })).toBe(false);
  expect(waits(alive)).toBe(false);
});
