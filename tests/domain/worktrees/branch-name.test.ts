// The names of branches and directories.
import { expect, test } from "bun:test";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { branchFor, branchInTheWay, worktreesNameOf } from "../../../src/domain/worktrees/branch-name.ts";

test.each<[string | true, string]>([
  [true, "cliai/ada"],
  ["", "cliai/ada"],
  ["fix", "fix"],
  ["{id}/work-{id}", "ada/work-ada"],
])("branchFor() makes of %j %j", (wanted, branch) => {
  expect(branchFor(wanted, parseAgentId("ada"))).toBe(branch);
});

test("branchInTheWay() finds a branch that would have to be a file and a directory", () => {
  expect(branchInTheWay("cliai/ada", ["main", "cliai"])).toBe("cliai");
  expect(branchInTheWay("cliai", ["cliai/ada"])).toBe("cliai/ada");
  expect(branchInTheWay("cliai/ada", ["cliai/adam", "cliai/bob", "cli"])).toBeUndefined();
});

test.each([
  ["/home/ada/shop", "shop.worktrees"],
  ["C:\\work\\shop", "shop.worktrees"],
  ["/srv/shop.git", "shop.worktrees"],
  ["/srv/.git", ".git.worktrees"],
])("worktreesNameOf() makes of %s %s", (root, name) => {
  expect(worktreesNameOf(root)).toBe(name);
});
