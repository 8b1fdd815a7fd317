import { describe, expect, test } from "bun:test";
import { attachRows } from "../../../src/cli/attach/attach-rows.ts";
import { type AttachState, firstAttachState } from "../../../src/cli/attach/state.ts";
import type { ScreenLine, ShownScreen } from "../../../src/domain/screen/picture.ts";

const screenOf = (lines: readonly ScreenLine[], more: Partial<ShownScreen> = {}): ShownScreen => ({
  ...{ seq: 1, columns: 20, rows: lines.length, hasWindow: false, lines },
  ...more,
});
const stateOf = (screen: ShownScreen, more: Partial<AttachState> = {}): AttachState => ({
  ...firstAttachState({
    ...{ id: "ada", viewer: "v-1", isReadOnly: false },
    detachKey: { byte: "\u001c", name: "ctrl-\\" },
  }),
  screen,
  ...more,
});
const lastOf = (more: Partial<AttachState>, screen = screenOf([[]])) =>
  attachRows(stateOf(screen, more), { columns: 200, rows: 2 }, true)
    .at(-1)
    ?.replace("\u001b[7m", "")
    .replace("\u001b[27m", "");
const numbered = Array.from({ length: 10 }, (_, row): ScreenLine => [{ text: `row ${row}` }]);

describe("attachRows()", () => {
  test("draws colours and styles, each run reset at its end", () => {
    const line: ScreenLine = [
      { text: "plain" },
      { text: "a", fg: 1, is: ["bold"] },
      { text: "b", fg: 12, bg: 9 },
      { text: "c", bg: 240, is: ["inverse"] },
      { text: "_", is: ["cursor"] },
      { text: "d", is: ["inverse", "cursor"] },
    ];
    const size = { columns: 40, rows: 2 };
    expect(attachRows(stateOf(screenOf([line])), size, true)[0]).toBe(
      "plain\u001b[1m\u001b[31ma\u001b[0m\u001b[94m\u001b[101mb\u001b[0m\u001b[7m\u001b[48;5;240mc\u001b[0m\u001b[7m_\u001b[0md",
    );
    // Without colours what is marked is still marked.
    expect(attachRows(stateOf(screenOf([line])), size, false)[0]).toBe(
      "plain\u001b[1ma\u001b[0mb\u001b[7mc\u001b[0m\u001b[7m_\u001b[0md",
    );
  });

  test.each([
    ["the last written row, without a cursor", undefined, 7, ["row 5", "row 6", "row 7"]],
    ["the cursor, with two rows below", { row: 4, column: 0 }, 9, ["row 4", "row 5", "row 6"]],
    ["the top, if the cursor is there", { row: 0, column: 0 }, 9, ["row 0", "row 1", "row 2"]],
  ])("of a screen that is too high, shows %s", (_, cursor, last, shown) => {
    const lines = numbered.map((line, row) => (row > last ? [] : line));
    const rows = attachRows(stateOf(screenOf(lines, { cursor })), { columns: 40, rows: 4 }, true);
    expect(rows.slice(0, 3)).toEqual(shown);
    expect(rows).toHaveLength(4);
  });

  test.each<[Partial<AttachState>, string]>([
    [{ role: "asking" }, " ada · asking for the keyboard · ctrl-\\ leaves "],
    [{ role: "typing" }, " ada · you type · ctrl-\\ leaves "],
    [{ role: "watching" }, " ada · nobody types from elsewhere · press a key to type · ctrl-\\ leaves "],
    [{ role: "watching", other: "bob" }, " ada · bob types · press a key to type · ctrl-\\ leaves "],
    [
      { role: "watching", note: "bob took the keyboard" },
      " ada · bob took the keyboard · press a key to type · ctrl-\\ leaves ",
    ],
    [
      { role: "watching", isReadOnly: true },
      " ada · read-only · nobody types from elsewhere · ctrl-\\ leaves ",
    ],
    [
      { role: "confirming", other: "bob" },
      " ada · bob types there: take the keyboard over? y/n · ctrl-\\ leaves ",
    ],
    [{ role: "typing", trouble: "it is lost" }, " ada · it is lost · ctrl-\\ leaves "],
  ])("the last row of %j says who types and how to leave", (more, row) => {
    expect(lastOf(more)).toBe(row);
  });

  test("the last row says which part is seen, and who decides the size", () => {
    expect(lastOf({ role: "typing" }, screenOf(numbered, { hasWindow: true }))).toBe(
      " ada · you type · rows 10-10 of 20×10, the size of its own window · ctrl-\\ leaves ",
    );
    expect(lastOf({ role: "typing" }, screenOf([[]], { columns: 300 }))).toContain(
      "left part of 300×1, the size of whoever types",
    );
  });

  test("of somebody who looks back, shows their rows and where they are", () => {
    const screen = screenOf(numbered, { above: { from: 20, to: 40 } });
    const back = { top: 38, height: 4, of: "", rows: new Map([[38, [{ text: "old 38" }]]]) };
    const rows = attachRows(stateOf(screen, { back }), { columns: 200, rows: 5 }, false);
    expect(rows.slice(0, 4)).toEqual(["old 38", "", "row 0", "row 1"]);
    expect(rows.at(-1)).toContain(
      "ada · looking back, row 19 of 20 above the screen · page up, page down · any other key returns",
    );
    expect(lastOf({ role: "typing" }, screen)).toContain(" · alt-page-up looks back · ctrl-");
  });
});
