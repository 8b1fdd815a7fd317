import { describe, expect, test } from "bun:test";
import {
  callEntry,
  entriesOfHook,
  imagesOf,
  longestEntryText,
  publishedEntry,
  resultText,
} from "../../../src/domain/transcript/record-entry.ts";

const key = `sk-${"a".repeat(40)}`;

describe("publishedEntry()", () => {
  test("removes what looks like a secret, and cuts a long text, saying how much", () => {
    expect(publishedEntry({ id: "e1", kind: "prompt", text: `use ${key}`, title: key })).toEqual({
      entry_id: "e1",
      kind: "prompt",
      text: "use ***",
      title: "***",
    });
    const long = publishedEntry({ id: "e2", kind: "answer", text: "x".repeat(longestEntryText + 10_000) });
    expect(long).toMatchObject({ cut: 10_000 });
    expect(long.text).toHaveLength(longestEntryText);
  });

  test("a secret at the place of the cut is removed whole", () => {
    const text = `${"x".repeat(longestEntryText - 10)} ${key} and on`;
    expect(publishedEntry({ id: "e1", kind: "answer", text }).text).not.toContain("sk-");
  });

  test("half of a secret at the end of what is searched is not kept, although another one has made the text shorter", () => {
    const pem = `-----BEGIN PRIVATE KEY-----${"M".repeat(6_000)}-----END PRIVATE KEY-----`;
    const text = `${pem}${"x".repeat(longestEntryText + 4_096 - pem.length - 11)} ${key}`;
    expect(publishedEntry({ id: "e1", kind: "answer", text }).text).not.toContain("sk-");
  });

  test("is well-formed, although the cut is in the middle of a character", () => {
    const { text } = publishedEntry({ id: "e", kind: "answer", text: `a${"😀".repeat(longestEntryText)}` });
    expect(String(text).isWellFormed()).toBe(true);
  });
});

describe("entriesOfHook()", () => {
  let count = 0;
  const createId = () => `i${++count}`;
  const entries = (kind: string, more: object = {}) =>
    entriesOfHook({ facts: { kind: kind as never, ...more }, isSubagent: false, ...more }, createId);

  test("a prompt, a call with its input, and its result", () => {
    expect(entries("prompt", { prompt: "dig" })).toMatchObject([{ kind: "prompt", text: "dig" }]);
    const tool = { name: "Bash", input: { command: "ls" }, isOwn: false };
    const facts = { kind: "tool_start" as const, tool_use_id: "u1", subagent: "s1" };
    expect(entriesOfHook({ facts, tool, isSubagent: true }, createId)).toMatchObject([
      { kind: "tool_call", tool: "Bash", title: "ls", toolUseId: "u1", subagent: "s1" },
    ]);
    expect(entries("tool_end", { tool: { ...tool, result: [{ type: "text", text: "a b" }] } })).toMatchObject(
      [{ kind: "tool_result", text: "a b", isError: false }],
    );
    expect(entries("tool_failed", { tool, detail: "exit code 1" })).toMatchObject([
      { kind: "tool_result", text: "exit code 1", isError: true },
    ]);
  });

  test("other hooks are no entries", () => {
    for (const kind of ["turn_end", "permission", "usage", "notification"]) expect(entries(kind)).toEqual([]);
    expect(entries("prompt", { prompt: "dig", subagent: "s1" })).toEqual([]);
  });
});

test("resultText() takes the texts of a result, or shows it as JSON", () => {
  expect(resultText("done")).toBe("done");
  expect(resultText([{ type: "text", text: "a" }, { type: "image" }, { type: "text", text: "b" }])).toBe(
    "a\nb",
  );
  expect(resultText({ stdout: "x" })).toBe('{\n  "stdout": "x"\n}');
  expect(resultText(undefined)).toBe("");
});

test("imagesOf() tells the type and the size of each image, and not the image", () => {
  const data = "A".repeat(4_096);
  const source = { type: "base64", media_type: "image/png", data };
  expect(imagesOf([{ type: "text", text: "x" }, { type: "image", source }, { type: "image" }])).toEqual([
    "image/png, 3 KB",
    "image",
  ]);
  expect(imagesOf("text")).toEqual([]);
});

test("callEntry() has the input as JSON, and the words that describe it best", () => {
  expect(callEntry("e1", { tool: "Read", toolUseId: "u1", input: { file_path: "/a" } })).toEqual({
    ...{ id: "e1", kind: "tool_call", tool: "Read", toolUseId: "u1", title: "/a" },
    text: '{\n  "file_path": "/a"\n}',
  });
});
