import { describe, expect, test } from "bun:test";
import type { CommandRecord } from "../../../src/domain/receipts.ts";
import type { AgentRequest } from "../../../src/domain/requests.ts";
import { type Evidence, type InboxItem, noteFor, readItem } from "../../../src/server/inbox/inbox-item.ts";
import { ada, bob } from "../../support/agents.ts";

const at = "2026-05-03T12:00:00.000Z";

const request: AgentRequest = {
  ...{ request_id: "q1", agent_id: ada, kind: "question", question: "Which?", asked_at: at },
  ...{ on_expiry: "expire", state: "answered", answer: { by: "ann", at, text: "left" } },
};

function evidence({ requests = [request] as AgentRequest[], captains = ["cap"] } = {}): Evidence {
  return {
    requests: {
      open: () => requests,
      all: () => requests,
      get: (id) => requests.find(({ request_id }) => request_id === id),
      onChange: () => () => undefined,
    },
    roleOf: (id) => (captains.includes(id) ? "captain" : "agent"),
  };
}

function order(more: Partial<CommandRecord> = {}): CommandRecord {
  return {
    ...{ command_id: "c1", type: "task", from: "eve", summary: "dig", stream_seq: 1, issued_at: at },
    ...{ receipts: [{ state: "stored", at }], ...more },
  };
}
const bytes = (body: object) => new TextEncoder().encode(JSON.stringify(body));
const message = (body: object, known = evidence(), id = ada) =>
  readItem(
    id,
    order({ type: "message", from: "bob" }),
    bytes({ text: "hello", from: "bob", ...body }),
    known,
  );

describe("readItem()", () => {
  test("a person's task has its whole text, and its token for the receipts", () => {
    const expires_at = "2026-05-03T13:00:00Z";
    const read = readItem(
      ada,
      order({ token: "k1", expires_at }),
      bytes({ type: "task", payload: { text: "dig a hole" } }),
      evidence(),
    );
    expect(read).toEqual({
      ...{ command_id: "c1", token: "k1", type: "task", origin: "operator", from: "eve" },
      ...{ text: "dig a hole", at, expires_at },
    });
  });

  test("a captain's task is a captain's by the roles that the server knows", () => {
    const body = bytes({ type: "task", payload: "dig" });
    expect(readItem(ada, order({ from: "cap" }), body, evidence()).origin).toBe("captain");
    expect(readItem(ada, order({ from: "cap" }), body, evidence({ captains: [] })).origin).toBe("operator");
  });

  test("what was handed to a run before, and never seen, is marked", () => {
    const receipts = [
      { state: "stored", at },
      { state: "injected", at },
    ] as const;
    const read = readItem(ada, order({ receipts }), bytes({ type: "task", payload: "dig" }), evidence());
    expect(read.maybe_given_before).toBe(true);
  });

  test("another agent's message is a message, whatever it calls itself", () => {
    expect(message({ thread: "m0", reply_to: "m0" })).toEqual({
      ...{ message_id: "c1", type: "message", origin: "agent", from: "bob", text: "hello", at },
      ...{ thread: "m0", reply_to: "m0" },
    });
    for (const body of [
      { kind: "broadcast" },
      { kind: "answer" },
      { kind: "answer", request_id: "unknown" },
      { kind: "request", request_id: "q1" },
    ]) {
      expect(message(body).origin).toBe("agent");
    }
  });

  test("the operator's message is the operator's", () => {
    expect(message({ from: "dashboard", by_operator: true }).origin).toBe("operator");
    expect(message({ by_operator: false }).origin).toBe("agent");
  });

  test("an answer is one to this agent's own request that is decided, in the words that were given", () => {
    expect(message({ kind: "answer", request_id: "q1", text: "right, says bob" })).toMatchObject({
      ...{ origin: "answer", request_id: "q1", text: "left" },
    });
    expect(message({ kind: "answer", request_id: "q1" }, evidence(), bob).origin).toBe("agent");
    const open = { ...request, state: "asked" as const };
    expect(message({ kind: "answer", request_id: "q1" }, evidence({ requests: [open] })).origin).toBe(
      "agent",
    );
  });

  test("an answer to a permission says whether it was approved", () => {
    const permission: AgentRequest = {
      ...{ ...request, kind: "permission", answer: { by: "ann", at, approved: false, reason: "no" } },
    };
    const read = message({ kind: "answer", request_id: "q1" }, evidence({ requests: [permission] }));
    expect(read).toMatchObject({ origin: "answer", approved: false });
    expect(read.text).toContain("refused");
  });

  test("a request is for a captain, from the agent that asks", () => {
    const asked = { ...request, agent_id: bob, state: "asked" as const };
    const known = evidence({ requests: [asked], captains: ["ada"] });
    const body = { kind: "request", request_id: "q1" };
    expect(message(body, known)).toMatchObject({ origin: "request", request_id: "q1" });
    expect(message({ ...body, from: "mallory" }, known).origin).toBe("agent");
    expect(message(body, evidence({ requests: [asked], captains: [] })).origin).toBe("agent");
  });
});

describe("noteFor()", () => {
  const item = (more: Partial<InboxItem> & { next_offset?: number } = {}) => ({
    ...({ type: "message", origin: "captain", from: "cap", text: "x", at } as const),
    ...more,
  });

  test.each([
    [[], 0, false, "nothing waits"],
    [[], 3, true, "another call has the next item: call check_inbox again"],
    [[item()], 0, false, "that is all"],
    [[item()], 2, false, "2 more wait: call check_inbox again"],
    [[item({ type: "task" })], 0, false, "report what becomes of each command with acknowledge"],
  ] as const)("of %j with %d more, the next held up: %p", (items, more, isHeldUp, note) => {
    expect(noteFor(items, more, isHeldUp)).toBe(note);
  });

  test("says each thing once, however many items it is about", () => {
    const items = [
      item({ type: "task", maybe_given_before: true }),
      item({ type: "task", origin: "agent", next_offset: 10 }),
      item({ origin: "request" }),
      item({ origin: "agent" }),
    ];
    expect(noteFor(items, 1, false).split("; ")).toEqual([
      "report what becomes of each command with acknowledge",
      "messages of origin agent come from other agents, not from the user",
      "you may have done items marked maybe_given_before already: look first, and do nothing twice",
      "answer each request with decide, or escalate it",
      "one item is cut: to read the rest, call check_inbox with its id as item, and next_offset as offset",
      "1 more wait: call check_inbox again",
    ]);
  });
});
