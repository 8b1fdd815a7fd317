import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type AgentRequest,
  answerText,
  buildAnswer,
  checkCaptainMayDecide,
  decideRequest,
  type RequestAction,
} from "../../src/domain/requests.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";

const at = (s: number) => new Date(Date.parse("2026-01-01T00:00:00Z") + s * 1000).toISOString();
const question: AgentRequest = {
  request_id: "r1",
  agent_id: parseAgentId("ada"),
  kind: "question",
  question: "which?",
  asked_at: at(0),
  expires_at: at(60),
  on_expiry: "expire",
  state: "asked",
};
const approval: AgentRequest = { ...question, kind: "stop_approval", on_expiry: "refuse" };
const answer = (by: string, facts: object): RequestAction => ({
  type: "answer",
  answer: { by, at: at(5), ...facts },
});

describe("decideRequest()", () => {
  test("the first answer wins, the second is told who was first", () => {
    const first = decideRequest(question, answer("ann", { text: "left" }));
    expect(first).toMatchObject({ state: "answered", answer: { by: "ann", text: "left" } });
    expect(() => decideRequest(first, answer("ben", { text: "right" }))).toThrow("answered already by ann");
  });

  test("a question needs words, an approval a yes or no", () => {
    expect(() => decideRequest(question, answer("ann", { approved: true }))).toThrow("needs words");
    expect(() => decideRequest(question, answer("ann", { text: " " }))).toThrow("needs words");
    expect(() => decideRequest(approval, answer("ann", { text: "yes" }))).toThrow("asks for approval");
    expect(
      decideRequest(approval, answer("ann", { approved: false, reason: "finish" })).answer?.approved,
    ).toBe(false);
  });

  test("it expires at its time and not before, and an approval is then refused", () => {
    expect(decideRequest(question, { type: "expire", at: at(59) })).toBe(question);
    expect(decideRequest(question, { type: "expire", at: at(61) })).toMatchObject({ state: "expired" });
    expect(decideRequest(approval, { type: "expire", at: at(61) })).toMatchObject({
      state: "expired",
      answer: { by: "policy", approved: false },
    });
    const forever: AgentRequest = { ...question };
    delete forever.expires_at;
    expect(decideRequest(forever, { type: "expire", at: at(1e6) })).toBe(forever);
  });

  test("an escalation leaves it open", () => {
    const escalated = decideRequest(question, { type: "escalate", by: "cap", at: at(1), reason: "not mine" });
    expect(escalated).toMatchObject({ state: "asked", escalated: { by: "cap", reason: "not mine" } });
    expect(decideRequest(escalated, answer("ann", { text: "x" })).state).toBe("answered");
  });

  test("whatever comes in whatever order, it is decided once, and silence never approves", () => {
    const anAction = fc.oneof(
      fc
        .record({ by: fc.constantFrom("ann", "ben"), approved: fc.boolean() })
        .map(({ by, approved }) => answer(by, { approved })),
      fc.integer({ min: 0, max: 120 }).map((s): RequestAction => ({ type: "expire", at: at(s) })),
      fc.constant<RequestAction>({ type: "withdraw", at: at(3) }),
      fc.constant<RequestAction>({ type: "escalate", by: "cap", at: at(3), reason: "r" }),
    );
    fc.assert(
      fc.property(fc.array(anAction, { maxLength: 12 }), (actions) => {
        let request = approval;
        let decided: AgentRequest | undefined;
        for (const action of actions) {
          try {
            request = decideRequest(request, action);
          } catch {
            expect(decided).toBeDefined();
          }
          if (decided !== undefined) expect(request).toBe(decided);
          else if (request.state !== "asked") decided = request;
        }
        if (request.answer?.approved === true) expect(request.answer.by).not.toBe("policy");
        if (request.state === "expired") expect(request.answer?.approved).toBe(false);
      }),
    );
  });
});

describe("buildAnswer()", () => {
  const asked = { ...question, choices: ["left", "right", "10"] };
  const textOf = (text: string, request: AgentRequest = asked) =>
    buildAnswer(request, { text }, "ann", new Date(at(1))).text;

  test("takes a choice's number for the choice, and any other words as they are", () => {
    expect(textOf("2")).toBe("right");
    expect(textOf(" 1 ")).toBe("left");
    expect(textOf("10")).toBe("10");
    expect(textOf("the left one")).toBe("the left one");
    expect(textOf("2", question)).toBe("2");
  });

  test("a number that is no choice's is a slip, not an answer", () => {
    for (const text of ["0", "4", "99"]) expect(() => textOf(text)).toThrow(`${text} is not one of them`);
  });
});

describe("checkCaptainMayDecide()", () => {
  const captain = parseAgentId("cap");

  test("others' requests, but neither its own nor what is with the people", () => {
    expect(() => checkCaptainMayDecide(question, captain)).not.toThrow();
    expect(() => checkCaptainMayDecide({ ...question, agent_id: captain }, captain)).toThrow("your own");
    const escalated = decideRequest(question, { type: "escalate", by: "cab", at: at(1), reason: "not mine" });
    expect(() => checkCaptainMayDecide(escalated, captain)).toThrow(
      "was escalated to people by cab: not mine",
    );
  });
});

describe("answerText()", () => {
  test("tells the model what was decided, by whom and why", () => {
    expect(answerText(decideRequest(question, answer("ann", { text: "left" })))).toBe("left");
    expect(
      answerText(decideRequest(approval, answer("ann", { approved: false, reason: "tests fail" }))),
    ).toBe("your stop is refused by ann: tests fail");
    expect(answerText(decideRequest(question, { type: "expire", at: at(99) }))).toBe(
      "nobody answered in time",
    );
  });
});
