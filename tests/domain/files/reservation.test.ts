import { expect, test } from "bun:test";
import { covers, overlap } from "../../../src/domain/files/reservation.ts";

test.each([
  ["/p/src", "/p/src", true],
  ["/p/src", "/p/src/a.ts", true],
  ["/p/src", "/p/src2/a.ts", false],
  ["/p/src/a.ts", "/p/src", false],
  ["/", "/p", true],
  ["C:\\p", "C:\\p\\a", true],
  ["C:\\", "C:\\p", true],
  ["/p/A.ts", "/p/a.ts", false],
] as const)("covers(%p, %p) is %p", (reserved, path, is) => {
  expect(covers(reserved, path)).toBe(is);
});

test("overlap() holds for a directory and what is in it, whichever is named first", () => {
  expect(overlap("/p/src", "/p/src/a.ts")).toBe(true);
  expect(overlap("/p/src/a.ts", "/p/src")).toBe(true);
  expect(overlap("/p/src/a.ts", "/p/src/b.ts")).toBe(false);
});
