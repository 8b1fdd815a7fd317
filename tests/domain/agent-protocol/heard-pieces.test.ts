import { describe, expect, test } from "bun:test";
import { type HeardPiece, readPiece, replyText } from "../../../src/domain/agent-protocol/heard-pieces.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const query = { id: "1", reply_subject: "_INBOX.agents.x", prompt: "Which?" };

describe("readPiece()", () => {
  test.each<[string, unknown, HeardPiece]>([
    ["an ack", { type: "status", data: "ack" }, { type: "status", word: "ack" }],
    ["a text", { type: "response", data: "hi" }, { type: "response", text: "hi", files: 0 }],
    [
      "a text with files",
      { type: "response", data: { text: "hi", attachments: [{}, {}] } },
      { type: "response", text: "hi", files: 2 },
    ],
    [
      "a text without files",
      { type: "response", data: { text: "hi", attachments: null } },
      { type: "response", text: "hi", files: 0 },
    ],
    [
      "a question",
      { type: "query", data: query },
      { type: "query", query: { replySubject: query.reply_subject, prompt: "Which?" } },
    ],
    ["what a later version may send", { type: "thought", data: {} }, { type: "unknown" }],
  ])("reads %s", (_, value, expected) => {
    expect(readPiece(bytes(value))).toEqual(expected);
  });

  test.each([
    ["no object", "hi"],
    ["no type", { data: "hi" }],
    ["a text that is none", { type: "response", data: 7 }],
    ["a status that is none", { type: "status", data: {} }],
    ...["agents.prompt.cliai.kim.ada", "_INBOX", "_INBOX.>", "_INBOX.a b", "$SRV.PING", ""].map(
      (reply_subject) =>
        [`an answer to "${reply_subject}"`, { type: "query", data: { ...query, reply_subject } }] as const,
    ),
  ])("refuses %s", (_, value) => {
    expect(() => readPiece(bytes(value))).toThrow();
  });
});

test("replyText() sends plain text, and in an object what would be taken for one", () => {
  expect(replyText("all")).toBe("all");
  expect(replyText(' {"a": 1}')).toBe('{"prompt":" {\\"a\\": 1}"}');
});
