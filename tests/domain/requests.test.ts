import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type AgentRequest,
  checkCaptainMayDecide,
  decideRequest,
  openRequestOf,
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

describe("openRequestOf()", () => {
  const permission = (input: object | string, more: Partial<AgentRequest> = {}) =>
    openRequestOf({
      ...{ ...approval, kind: "permission", question: "May it use Bash?" },
      context: typeof input === "string" ? input : JSON.stringify(input, null, 2),
      ...more,
    }).summary;

  test("says of a permission what it is for, in one line, so that a list does not say only which tool", () => {
    expect(permission({ command: "rm -r build &&\n  npm test" })).toBe(
      "May it use Bash? rm -r build && npm test",
    );
    expect(permission({ file_path: "/work/a.ts", old_string: "a", new_string: "b" })).toBe(
      "May it use Bash? /work/a.ts",
    );
    expect(permission({ url: "https://example.com/a" })).toBe("May it use Bash? https://example.com/a");
    expect(permission({ command: "x".repeat(300) })).toHaveLength(201);
  });

  test("has no secret, and of a plan or an unknown input the question alone", () => {
    expect(permission({ command: "curl -H 'authorization: Bearer abcdefghijklmnop'" })).toBe(
      "May it use Bash? curl -H 'authorization: Bearer ***'",
    );
    expect(permission("first this", { plan: true })).toBe("May it use Bash?");
    expect(permission({ depth: 3 })).toBe("May it use Bash?");
    expect(permission("")).toBe("May it use Bash?");
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
