import { describe, expect, test } from "bun:test";
import { answerText, answerTextForPeople, buildAnswer } from "../../src/domain/request-answer.ts";
import { type AgentRequest, decideRequest } from "../../src/domain/requests.ts";
import { answer, approval, at, question } from "./sample-requests.ts";

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

describe("answerTextForPeople()", () => {
  test("tells people whose stop was decided, where the model is told that it is its own", () => {
    const refused = decideRequest(approval, answer("ann", { approved: false, reason: "tests fail" }));
    expect(answerTextForPeople(refused)).toBe("its stop is refused by ann: tests fail");
    expect(answerTextForPeople(decideRequest(question, answer("ann", { text: "left" })))).toBe("left");
  });
});
