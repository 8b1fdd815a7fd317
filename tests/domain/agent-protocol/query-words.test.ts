import { describe, expect, test } from "bun:test";
import { queryText, readReply } from "../../../src/domain/agent-protocol/query-words.ts";
import { type AgentRequest, RequestSchema } from "../../../src/domain/requests.ts";
import { checkMessage } from "../../../src/domain/wire/decode.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const request = (more: object): AgentRequest =>
  checkMessage(RequestSchema, {
    ...{ request_id: "r-1", agent_id: "ada", question: "Which file?", kind: "question" },
    ...{ asked_at: "2026-01-31T12:00:00.000Z", on_expiry: "expire", state: "asked" },
    ...more,
  });

describe("queryText()", () => {
  test("has the question, its choices by number, and what stands behind it", () => {
    const asked = request({ choices: ["README.md", "all"], context: "for the count" });
    expect(queryText(asked)).toBe("Which file?\n1. README.md\n2. all\nfor the count");
    expect(queryText(asked, "choice 7 is none")).toStartWith("choice 7 is none. Asked again:\nWhich file?");
  });

  test("shows a permission's command, and how to answer", () => {
    const asked = request({
      ...{ kind: "permission", question: "may use Bash", tool: "Bash" },
      context: JSON.stringify({ command: "make test" }),
    });
    expect(queryText(asked)).toBe("may use Bash\n$ make test\nAnswer yes or no; a reason may follow: no: …");
  });

  test("has all questions of a dialog", () => {
    const questions = [
      { question: "Colour?", choices: [{ label: "red" }, { label: "blue" }] },
      { question: "Size?", choices: [] },
    ];
    expect(queryText(request({ question: "Colour? Size?", questions }))).toBe(
      "Question 1: Colour?\n1. red\n2. blue\nQuestion 2: Size?",
    );
  });
});

describe("readReply()", () => {
  test("takes the words of an answer, also from an object", () => {
    expect(readReply(request({}), bytes(" all \n"))).toEqual({ text: "all" });
    expect(readReply(request({}), bytes(`{"prompt":"all"}`))).toEqual({ text: "all" });
  });

  test("takes nothing but a clear yes for an approval", () => {
    const permission = request({ kind: "permission" });
    for (const yes of ["yes", "Y", "approve", "ok"])
      expect(readReply(permission, bytes(yes))).toEqual({ approved: true });
    expect(readReply(permission, bytes("no"))).toEqual({ approved: false });
    expect(readReply(permission, bytes("No: use\nmake"))).toEqual({ approved: false, reason: "use\nmake" });
    for (const other of ["yes, but not now", "maybe", "notable", "1"])
      expect(() => readReply(permission, bytes(other))).toThrow("this wants yes or no");
  });
});
