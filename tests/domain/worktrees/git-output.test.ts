// What git's output says.
import { expect, test } from "bun:test";
import {
  parseHidden,
  parseStatus,
  parseWorktreeList,
  tipsOf,
} from "../../../src/domain/worktrees/git-output.ts";

test("parseWorktreeList() reads branches, detached heads, bare repositories and locks", () => {
  const output =
    "worktree /r/a b\nHEAD 11\nbranch refs/heads/x/y\n\nworktree /r/c\nHEAD 22\ndetached\nlocked on a stick\n\nworktree /r/d\nbare\n\nworktree /r/e\nHEAD 33\nbranch refs/heads/z\nlocked\n\n";
  const none = { locked: undefined };
  expect(parseWorktreeList(output)).toEqual([
    { path: "/r/a b", branch: "x/y", ...none },
    { path: "/r/c", branch: undefined, ...none, locked: "on a stick" },
    { path: "/r/d", branch: undefined, ...none },
    { path: "/r/e", branch: "z", ...none, locked: "" },
  ]);
  expect(parseWorktreeList("")).toEqual([]);
});

test("parseStatus() reads paths with blanks, and of a renamed file only the new one", () => {
  const entries = [
    "1 .M N... 100644 100644 100644 1 1 a file.ts",
    "2 R. N... 100644 100644 100644 1 1 R100 new name",
    "? old name",
    "u UU N... 100644 100644 100644 100644 1 1 1 both",
    "? sub dir/",
    "! node_modules/",
    "",
  ];
  expect(parseStatus(entries.join("\0"))).toEqual({
    changed: ["a file.ts", "new name", "both"],
    untracked: ["sub dir/"],
    ignored: ["node_modules/"],
  });
});

test("parseHidden() finds the files that are assumed to be unchanged or skipped", () => {
  expect(parseHidden("H a\0h b c\0S d\0s e\0M f\0")).toEqual(["b c", "d", "e"]);
});

test("tipsOf() leaves out what the others have as a parent", () => {
  expect(tipsOf("c b\nb a\nx a\n")).toEqual(["c", "x"]);
  expect(tipsOf("")).toEqual([]);
});
