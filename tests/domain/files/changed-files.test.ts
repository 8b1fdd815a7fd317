import { expect, test } from "bun:test";
import { changedFiles, patchedIn } from "../../../src/domain/files/changed-files.ts";

const patch = [
  "*** Begin Patch",
  "*** Add File: src/new file.ts",
  "+*** Update File: not/this.ts",
  "*** Update File: src/a.ts",
  "*** Move to: src/b.ts",
  "@@",
  "-old",
  "+new",
  "*** Delete File: /abs/c.ts",
  "*** End Patch",
].join("\n");
const all = ["src/new file.ts", "src/a.ts", "src/b.ts", "/abs/c.ts"];

test("patchedIn() names every file that a patch adds, updates, deletes and moves, and no line of their contents", () => {
  expect(patchedIn(patch)).toEqual(all);
  expect(patchedIn({ command: patch, other: 3 })).toEqual(all);
  expect(patchedIn(patch.replaceAll("\n", "\r\n"))).toEqual(all);
  for (const input of ["no patch", undefined, null, 3, { a: ["x"] }]) expect(patchedIn(input)).toEqual([]);
});

test("changedFiles() reads the fields of the tools that change files, and knows no file of any other", () => {
  const tools = { Edit: ["file_path", "path"], apply: "patch" } as const;
  expect(changedFiles(tools, "Edit", { file_path: "a", path: "", other: "c" })).toEqual(["a"]);
  expect(changedFiles(tools, "apply", { patch })).toEqual(all);
  for (const name of ["Read", "constructor"])
    expect(changedFiles(tools, name, { file_path: "a" })).toBeUndefined();
  for (const input of [undefined, null, "text", 3, { file_path: ["a"] }])
    expect(changedFiles(tools, "Edit", input)).toEqual([]);
});
