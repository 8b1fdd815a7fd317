import { describe, expect, test } from "bun:test";
import {
  createTouches,
  type Meeting,
  meetingAlert,
  meetingName,
  meetingWords,
  pathIn,
  type Touch,
} from "../../../src/domain/files/meetings.ts";
import { ada, bob } from "../../support/agents.ts";

const minute = 60_000;
const shop = { root: "/shop", repository: "/shop/.git" };
const touch = (more: Partial<Touch> = {}): Touch => ({
  ...{ agent_id: ada, instance_id: "run-a", machine: "here", path: "/shop/src/a.ts", ...shop, atMs: 0 },
  ...more,
});
const byBob = (more: Partial<Touch> = {}) => touch({ agent_id: bob, instance_id: "run-b", ...more });
const kinds = (meetings: readonly Meeting[]) =>
  meetings.map(({ kind, earlier, later }): string[] => [kind, earlier.agent_id, later.agent_id]);

describe("createTouches()", () => {
  test("two agents that touch one file within the time meet; one that touches it twice does not, nor one that is too late", () => {
    const touches = createTouches(10 * minute);
    expect(touches.note(touch())).toEqual([]);
    expect(touches.note(touch({ atMs: minute }))).toEqual([]);
    expect(kinds(touches.note(byBob({ atMs: 11 * minute })))).toEqual([["same", "ada", "bob"]]);
    expect(kinds(touches.note(touch({ atMs: 12 * minute })))).toEqual([["same", "bob", "ada"]]);
    const late = createTouches(10 * minute);
    late.note(touch());
    expect(late.note(byBob({ atMs: 10 * minute + 1 }))).toEqual([]);
  });

  test("the same path of two worktrees of one repository is a meeting at the merge; of two repositories it is none", () => {
    const touches = createTouches(10 * minute);
    touches.note(touch());
    const tree = { root: "/shop.worktrees/bob", path: "/shop.worktrees/bob/src/a.ts" };
    expect(kinds(touches.note(byBob(tree)))).toEqual([["merge", "ada", "bob"]]);
    expect(touches.note(byBob({ ...tree, path: "/shop.worktrees/bob/src/b.ts" }))).toEqual([]);
    expect(touches.note(byBob({ ...tree, repository: "/other/.git" }))).toEqual([]);
  });

  test("a path outside of any repository counts by itself, and a machine has its own files", () => {
    const touches = createTouches(10 * minute);
    const outside = { path: "/etc/hosts", root: undefined, repository: undefined };
    touches.note(touch(outside));
    expect(kinds(touches.note(byBob(outside)))).toEqual([["same", "ada", "bob"]]);
    expect(touches.note(byBob({ ...outside, machine: "elsewhere" }))).toEqual([]);
  });

  test("tells what an agent has touched lately, the newest first, each file once", () => {
    const touches = createTouches(10 * minute);
    for (const [index, path] of ["/1", "/2", "/1", "/3"].entries())
      touches.note(touch({ path, atMs: index * minute }));
    expect(touches.lately(ada, 3 * minute).map(({ path }) => path)).toEqual(["/3", "/1", "/2"]);
    expect(touches.lately(ada, 12 * minute).map(({ path }) => path)).toEqual(["/3", "/1"]);
    expect(touches.lately(bob, 0)).toEqual([]);
  });
});

describe("a meeting", () => {
  const meeting = { kind: "same", earlier: touch(), later: byBob({ atMs: 4 * minute }) } as const;
  const apart: Meeting = {
    kind: "merge",
    earlier: touch(),
    later: byBob({ root: "/wt", path: "/wt/src/a.ts" }),
  };

  test("has one name for a pair of runs and a file, whoever of the two was first", () => {
    const turned = { ...meeting, earlier: meeting.later, later: meeting.earlier };
    expect(meetingName(turned)).toBe(meetingName(meeting));
    const turnedApart = { ...apart, earlier: apart.later, later: apart.earlier };
    expect(meetingName(turnedApart)).toBe(meetingName(apart));
    expect(meetingName(apart)).not.toBe(meetingName(meeting));
    const nextRun = { ...meeting, later: { ...meeting.later, instance_id: "run-c" } };
    expect(meetingName(nextRun)).not.toBe(meetingName(meeting));
  });

  test("is told to each side in its own words, and softer if the two only meet at the merge", () => {
    expect(meetingWords(meeting, meeting.later)).toStartWith(
      "ada changed /shop/src/a.ts 4 min before you did. Look at",
    );
    expect(meetingWords(meeting, meeting.earlier)).toStartWith(
      "bob has just changed /shop/src/a.ts, which you changed 4 min before. Look at",
    );
    expect(meetingWords(apart, apart.earlier)).toStartWith(
      "bob has changed src/a.ts too, in another worktree of the same repository (/wt). Nothing is overwritten, but the two changes will meet at the merge.",
    );
    expect(meetingAlert(meeting)).toBe("ada and bob have changed /shop/src/a.ts within 4 min");
    expect(meetingAlert(apart)).toBe(
      "ada and bob have changed src/a.ts in two worktrees of /shop/.git: the changes will meet at the merge",
    );
  });
});

test("pathIn() writes a path below its folder as git does", () => {
  expect(pathIn("/shop", "/shop/src/a.ts")).toBe("src/a.ts");
  expect(pathIn("C:\\shop", "C:\\shop\\src\\a.ts")).toBe("src/a.ts");
  expect(pathIn("/shop", "/etc/hosts")).toBe("/etc/hosts");
});
