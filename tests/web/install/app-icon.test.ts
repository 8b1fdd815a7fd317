import { describe, expect, test } from "bun:test";
import { inflateSync } from "node:zlib";
import { iconPng, iconSvg } from "../../../src/web/install/app-icon.ts";

function pixelsOf(size: number, shape: "rounded" | "square") {
  const file = Buffer.from(iconPng(size, shape));
  const rows = inflateSync(file.subarray(41, 41 + file.readUInt32BE(33)));
  return (x: number, y: number) => [...rows.subarray(y * (size * 4 + 1) + 1 + x * 4).subarray(0, 4)];
}
const [blue, white] = [
  [0x1f, 0x5f, 0xd0, 255],
  [255, 255, 255, 255],
];

describe("iconPng()", () => {
  test("draws a prompt in white on blue, with round corners that nothing fills", () => {
    const at = pixelsOf(160, "rounded");
    expect(at(0, 0)[3]).toBe(0);
    expect(at(80, 3)).toEqual(blue);
    expect(at(70, 80)).toEqual(white);
    expect(at(100, 115)).toEqual(white);
    expect(at(100, 80)).toEqual(blue);
  });

  test("as a square it fills its corners, and draws only in the middle circle of 80 %", () => {
    const size = 160;
    const at = pixelsOf(size, "square");
    expect(at(0, 0)).toEqual(blue);
    for (let y = 0; y < size; y += 1)
      for (let x = 0; x < size; x += 1) {
        const isInside = Math.hypot(x + 0.5 - size / 2, y + 0.5 - size / 2) <= 0.4 * size;
        if (!isInside) expect(at(x, y)).toEqual(blue);
      }
  });
});

test("iconSvg() has the same colours", () => {
  expect(iconSvg()).toContain("#1f5fd0");
  expect(iconSvg()).toContain("#ffffff");
});
