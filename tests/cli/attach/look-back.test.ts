// Looking back in `cliai attach`: which keys move the view, which rows are asked for, and what is seen.
import { describe, expect, test } from "bun:test";
import {
  keepLooking,
  type LookBack,
  lookBack,
  rowsOfView,
  takeOlder,
} from "../../../src/cli/attach/look-back.ts";
import type { ShownScreen } from "../../../src/domain/screen/picture.ts";

const height = 10;
/** A screen of ten rows below the given rows. */
const screenOf = (from: number, to: number, more: Partial<ShownScreen> = {}): ShownScreen => ({
  ...{ seq: 1, run: "run-1", columns: 80, rows: 10, hasWindow: false, above: { from, to } },
  lines: Array.from({ length: 10 }, (_, row) => [{ text: `row ${to + row}` }]),
  ...more,
});
const key = { up: "\u001b[5~", down: "\u001b[6~", altUp: "\u001b[5;3~", shiftDown: "\u001b[6;2~" };
const rowsFrom = (from: number, count: number) => ({
  ...{ from, above: { from: 0, to: 100 } },
  lines: Array.from({ length: count }, (_, place) => [{ text: `row ${from + place}` }]),
});
const seen = (back: LookBack | undefined, screen: ShownScreen) =>
  back === undefined ? "now" : rowsOfView(back, screen, height).map((line) => line[0]?.text ?? "");

describe("lookBack()", () => {
  test("goes up page by page as far as rows are kept, asks for what it needs, and comes down to the present screen", () => {
    const screen = screenOf(85, 100);
    const first = lookBack({ screen, role: "watching", back: undefined }, key.up, height);
    expect(first?.ask).toEqual({ from: 0, count: 100 });
    expect(seen(first?.back, screen)).toEqual(["", "", "", "", "", "", "", "", "", "row 100"]);
    const filled = takeOlder(first?.back, rowsFrom(85, 15));
    expect(seen(filled, screen)[0]).toBe("row 91");
    const second = lookBack({ screen, role: "watching", back: filled }, key.up, height);
    expect([second?.back?.top, second?.ask, seen(second?.back, screen).at(-1)]).toEqual([
      85,
      undefined,
      "row 94",
    ]);
    const third = lookBack({ screen, role: "watching", back: second?.back }, key.down, height);
    expect(third?.back?.top).toBe(94);
    expect(lookBack({ screen, role: "watching", back: third?.back }, key.down, height)).toEqual({
      back: undefined,
    });
  });

  test("takes Page Up from whoever types only with Alt or Shift; then any other key returns, and is not for the agent", () => {
    const screen = screenOf(0, 100);
    const typing = { screen, role: "typing", back: undefined };
    expect(lookBack(typing, key.up, height)).toBeUndefined();
    expect(lookBack(typing, "x", height)).toBeUndefined();
    expect(lookBack(typing, key.shiftDown, height)).toBeUndefined();
    const { back } = lookBack(typing, key.altUp, height) ?? {};
    expect(back?.top).toBe(91);
    expect(lookBack({ screen, role: "typing", back }, key.up, height)?.back?.top).toBe(82);
    expect(lookBack({ screen, role: "typing", back }, "x", height)).toEqual({ back: undefined });
  });

  test("has nothing to show if no rows are kept, as on the alternate screen", () => {
    const screen = { ...screenOf(0, 0), above: undefined };
    expect(lookBack({ screen, role: "watching", back: undefined }, key.up, height)).toEqual({
      back: undefined,
    });
  });

  test("starts above the part of a higher screen that is seen", () => {
    const screen = screenOf(0, 100, { rows: 30 });
    expect(lookBack({ screen, role: "watching", back: undefined }, key.up, height)?.back?.top).toBe(111);
  });
});

describe("keepLooking()", () => {
  const screen = screenOf(0, 100);
  const { back } = lookBack({ screen, role: "watching", back: undefined }, key.up, height) ?? {};
  const filled = takeOlder(back, rowsFrom(0, 100));

  test("the view stays at its rows while the agent goes on, and asks for those that have left the screen meanwhile", () => {
    const later = screenOf(0, 104);
    const kept = keepLooking(filled, screen, later);
    expect([kept.back?.top, kept.ask]).toEqual([91, { from: 0, count: 101 }]);
    expect(keepLooking(filled, later, later)).toEqual({ back: filled, ask: undefined });
    expect(seen(takeOlder(kept.back, rowsFrom(100, 4)), later).slice(-2)).toEqual(["row 99", "row 100"]);
  });

  test("it ends in another run, at another width, and where no rows are kept", () => {
    for (const other of [{ run: "run-2" }, { columns: 60 }, { above: undefined }])
      expect(keepLooking(filled, screen, screenOf(0, 100, other))).toEqual({ back: undefined });
  });
});
