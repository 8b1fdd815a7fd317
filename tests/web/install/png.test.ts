import { expect, test } from "bun:test";
import { inflateSync } from "node:zlib";
import { encodePng } from "../../../src/web/install/png.ts";

test("encodePng() writes the size, and each row behind its filter", () => {
  const pixels = Uint8Array.from({ length: 16 }, (_, index) => index);
  const file = Buffer.from(encodePng(pixels, 2));
  expect(file.subarray(1, 4).toString()).toBe("PNG");
  expect([file.readUInt32BE(16), file.readUInt32BE(20)]).toEqual([2, 2]);
  const length = file.readUInt32BE(33);
  expect(file.subarray(37, 41).toString()).toBe("IDAT");
  const rows = inflateSync(file.subarray(41, 41 + length));
  expect([...rows]).toEqual([0, ...pixels.subarray(0, 8), 0, ...pixels.subarray(8)]);
  expect(file.subarray(-8, -4).toString()).toBe("IEND");
});
