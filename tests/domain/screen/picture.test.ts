import { describe, expect, test } from "bun:test";
import {
  applyFrame,
  linesToDraw,
  type ScreenLine,
  type ScreenPicture,
  textOfScreen,
} from "../../../src/domain/screen/picture.ts";
import type { ScreenFrame } from "../../../src/domain/screen/screen-messages.ts";

const picture = (...lines: ScreenLine[]): ScreenPicture => ({ columns: 20, rows: lines.length, lines });
const text = (line: string): ScreenLine => [{ text: line }];
const frame = (fields: Partial<ScreenFrame>): ScreenFrame => ({
  ...{ kind: "frame", seq: 1, columns: 20, rows: 2, whole: true, lines: [], has_window: false },
  ...{ instance_id: "run-1" },
  ...fields,
});

describe("linesToDraw()", () => {
  test("draws all lines first, and then only those that have changed, also in style alone", () => {
    const first = linesToDraw(picture(text("one"), text("two")), undefined);
    expect(first.lines.map(({ row }) => row)).toEqual([0, 1]);
    expect(linesToDraw(picture(text("one"), text("two")), first.drawn).lines).toEqual([]);
    expect(linesToDraw(picture(text("one"), [{ text: "two", fg: 2 }]), first.drawn).lines).toEqual([
      { row: 1, runs: [{ text: "two", fg: 2 }] },
    ]);
  });

  test("draws all lines of another height", () => {
    const { drawn } = linesToDraw(picture(text("one"), text("two")), undefined);
    expect(linesToDraw(picture(text("one")), drawn).lines).toHaveLength(1);
  });

  test("cuts a screen that is too large, and sends one that is too heavy without styles", () => {
    const wide = { columns: 900, rows: 400, lines: Array.from({ length: 400 }, () => text("x".repeat(900))) };
    const { lines } = linesToDraw(wide, undefined);
    expect([lines.length, lines[0]?.runs[0]?.text.length]).toEqual([200, 500]);
    const striped = Array.from({ length: 500 }, (_, column) => ({
      text: "x",
      fg: column % 2,
      is: ["bold" as const],
    }));
    const heavy = linesToDraw(
      { columns: 500, rows: 200, lines: Array.from({ length: 200 }, () => striped) },
      undefined,
    );
    expect(heavy.lines[0]?.runs).toEqual([{ text: "x".repeat(500) }]);
    expect(JSON.stringify(heavy.lines).length).toBeLessThan(256 * 1024);
  });
});

describe("applyFrame()", () => {
  const whole = frame({
    lines: [
      { row: 0, runs: [{ text: "one" }] },
      { row: 1, runs: [{ text: "two" }] },
    ],
  });

  test("puts the lines of the next frame over those that are shown", () => {
    const shown = applyFrame(undefined, whole);
    const next = applyFrame(
      shown,
      frame({
        seq: 2,
        whole: false,
        lines: [{ row: 1, runs: [{ text: "three" }] }],
        cursor: { row: 1, column: 5 },
      }),
    );
    expect(next && textOfScreen(next)).toBe("one\nthree");
    expect(next?.cursor).toEqual({ row: 1, column: 5 });
  });

  test.each([
    ["nothing is shown yet", undefined, { seq: 2 }],
    ["one is missing", applyFrame(undefined, whole), { seq: 3 }],
    ["another run sends it", applyFrame(undefined, whole), { seq: 2, instance_id: "run-2" }],
    ["its height is another", applyFrame(undefined, whole), { seq: 2, rows: 3 }],
  ])("wants all lines if %s", (_, shown, fields) => {
    expect(applyFrame(shown, frame({ whole: false, ...fields }))).toBeUndefined();
  });

  test("has no character that a terminal would obey, whoever sends the frame", () => {
    const lines = [{ row: 0, runs: [{ text: "a\u001b]52;c;aGk=\u0007\u009b2J\r\n\u202eb" }] }];
    const shown = applyFrame(undefined, frame({ lines, typist: { viewer: "v", name: "e\u001b[2Jve" } }));
    expect(shown && textOfScreen(shown)).toBe("a\ufffd]52;c;aGk=\ufffd\ufffd2J\ufffd\ufffd\ufffdb");
    expect(shown?.typist?.name).toBe("e\ufffd[2Jve");
  });

  test("a whole frame clears what it does not name", () => {
    const next = applyFrame(applyFrame(undefined, whole), frame({ seq: 9, lines: [] }));
    expect(next && textOfScreen(next)).toBe("");
  });
});
