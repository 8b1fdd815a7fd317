// What of a tool's input a person is shown: the command, the change, the address; and the JSON where its form is not known.
import { describe, expect, test } from "bun:test";
import { changedLines, readPermissionInput } from "../../../src/domain/text/permission-input.ts";

const read = (input: unknown) => readPermissionInput(JSON.stringify(input));

describe("readPermissionInput()", () => {
  test.each<[string, object]>([
    ["Claude Code, Copilot, OpenCode", { command: "npm test\nnpm run lint", description: "tests" }],
    ["Codex", { command: "npm test\nnpm run lint", cwd: "/work" }],
  ])("a command of %s is the command itself", (_, input) => {
    expect(read(input)).toMatchObject({ kind: "command", command: "npm test\nnpm run lint" });
  });

  test.each<[string, object]>([
    ["Claude Code, Qwen Code", { file_path: "/a.ts", old_string: "x", new_string: "y" }],
    ["OpenCode", { filePath: "/a.ts", oldString: "x", newString: "y" }],
    ["Copilot CLI", { path: "/a.ts", old_str: "x", new_str: "y" }],
  ])("an edit of %s is its change", (_, input) => {
    expect(read(input)).toMatchObject({
      kind: "edit",
      path: "/a.ts",
      changes: [{ before: "x", after: "y" }],
    });
  });

  test("several edits are several changes; a new file is one, also an empty one; a deletion is a change to nothing", () => {
    const edits = [
      { old_string: "a", new_string: "" },
      { old_string: "b", new_string: "c" },
    ];
    expect(read({ file_path: "/a", edits })).toMatchObject({
      changes: [
        { before: "a", after: "" },
        { before: "b", after: "c" },
      ],
    });
    expect(read({ file_path: "/a", content: "" })).toMatchObject({ changes: [{ before: "", after: "" }] });
    expect(read({ path: "/a", file_text: "one" })).toMatchObject({ changes: [{ before: "", after: "one" }] });
  });

  test("an address is shown as it is", () => {
    expect(read({ url: "https://example.org/?a=1", prompt: "read it" })).toEqual({
      kind: "address",
      url: "https://example.org/?a=1",
      others: ['prompt: "read it"'],
    });
  });

  test("the other fields are named with their values, because one of them may matter as much as the command", () => {
    const input = { command: "make", dangerouslyDisableSandbox: true, env: { A: "x".repeat(1_000) } };
    const { others = [] } = read(input) ?? {};
    expect(others[0]).toBe("dangerouslyDisableSandbox: true");
    expect(others[1]).toBe(`env: {"A":"${"x".repeat(1_000)}"}`);
    expect(others).toHaveLength(2);
  });

  test.each<[object, readonly string[]]>([
    [{ command: "ls", cmd: "rm -rf /" }, ['cmd: "rm -rf /"']],
    [{ file_path: "/a", path: "/etc/passwd", content: "x", text: "y" }, ['path: "/etc/passwd"', 'text: "y"']],
    [
      { path: "/a", edits: [{ old_str: "a", new_str: "b" }], old_str: "c", new_str: "d" },
      ['old_str: "c"', 'new_str: "d"'],
    ],
    [
      { path: "/a", edits: [{ old_str: "a", new_str: "b", replace_all: true }] },
      ["edit 1, replace_all: true"],
    ],
  ])("of %j no field is hidden by another one of its kind: the tool may use either", (input, others) => {
    expect(read(input)?.others).toEqual(others);
  });

  test.each<[string, string]>([
    ["another form", '{"pattern":"*.ts"}'],
    ["a command that is no text", '{"command":["npm","test"]}'],
    ["an edit with a part that cannot be read", '{"file_path":"/a","edits":[{"old_string":"a"}]}'],
    ["a path alone", '{"file_path":"/a"}'],
    ["a list", "[1]"],
    ["no JSON", "1. Read. 2. Write."],
    ["null", "null"],
  ])("of %s nothing is read: the JSON is shown", (_, json) => {
    expect(readPermissionInput(json)).toBeUndefined();
  });
});

describe("changedLines()", () => {
  const shown = (before: string, after: string) =>
    changedLines({ before, after }).map(({ sign, text }) => `${sign}${text}`);

  test("keeps what differs, with two equal lines on each side", () => {
    const before = ["1", "2", "3", "old", "5", "6", "7"].join("\n");
    expect(shown(before, before.replace("old", "new\nmore"))).toEqual([
      " 2",
      " 3",
      "-old",
      "+new",
      "+more",
      " 5",
      " 6",
    ]);
  });

  test("a new file has only new lines, a deletion only old ones, a repeated line is counted once", () => {
    expect(shown("", "a\nb\n")).toEqual(["+a", "+b"]);
    expect(shown("a\nb", "")).toEqual(["-a", "-b"]);
    expect(shown("a\na", "a\na\na")).toEqual([" a", " a", "+a"]);
    expect(shown("a", "a")).toEqual([" a"]);
  });
});
