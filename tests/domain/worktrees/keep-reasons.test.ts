// Why a worktree is kept, and what even --discard leaves alone.
import { describe, expect, test } from "bun:test";
import { keepReasons, mayDiscard, type WorktreeFacts } from "../../../src/domain/worktrees/keep-reasons.ts";

const empty: WorktreeFacts = {
  ...{ isHeld: false, users: [], locked: undefined, missing: undefined },
  ...{ doing: [], changed: [], untracked: [] },
  ...{ ignored: [], hidden: [], repositories: [], unmerged: 0, mergesInto: "main" },
};

describe("keepReasons()", () => {
  test("finds none in a worktree with nothing of its own", () => {
    expect(keepReasons(empty)).toEqual([]);
  });

  test.each<[Partial<WorktreeFacts>, string, boolean]>([
    [{ isHeld: true }, "its agent runs", false],
    [{ locked: "" }, "it is locked", false],
    [{ locked: "on a stick" }, "it is locked: on a stick", false],
    [{ users: ["bob"] }, "the agent bob runs in it", false],
    [{ missing: "directory" }, "its directory is not there: it was moved, or its disk is away", false],
    [{ missing: "repository" }, "its repository is not there: it was moved, or its disk is away", false],
    [{ missing: "link" }, "its directory is there, but its repository does not know it any more", false],
    [
      { missing: "all" },
      "neither its directory nor its repository is there: both were removed, or their disk is away",
      true,
    ],
    [{ repositories: ["lib/a"] }, "repositories inside with work that is nowhere else: lib/a", false],
    [{ doing: ["rebase"] }, "git is in the middle of a rebase", true],
    [{ changed: ["a.ts"] }, "uncommitted changes: a.ts", true],
    [{ untracked: ["a", "b", "c", "d", "e"] }, "untracked files: a, b, c and 2 more", true],
    [{ ignored: [".env"] }, "ignored files that are only here: .env", true],
    [{ hidden: ["c.json"] }, "files whose changes git was told not to look at: c.json", true],
    [{ unmerged: 1 }, "1 commit that is not in main", true],
    [
      { unmerged: 3, mergesInto: undefined },
      "3 commits that are not in any branch that it could merge into",
      true,
    ],
  ])("says of %j: %s", (facts, text, isDiscardable) => {
    const reasons = keepReasons({ ...empty, ...facts });
    expect(reasons.map((each) => each.text)).toEqual([text]);
    expect(mayDiscard(reasons)).toBe(isDiscardable);
  });

  test("lists each path, also those that the text leaves out", () => {
    const untracked = ["a", "b", "c", "d"];
    expect(keepReasons({ ...empty, untracked })[0]?.paths).toEqual(untracked);
  });
});
