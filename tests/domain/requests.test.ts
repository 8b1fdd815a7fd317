import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type AgentRequest,
  checkCaptainMayDecide,
  decideRequest,
  type RequestAction,
} from "../../src/domain/requests.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { answer, approval, at, question } from "./sample-requests.ts";

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
