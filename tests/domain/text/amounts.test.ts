import { expect, test } from "bun:test";
import { bytesText, countText } from "../../../src/domain/text/amounts.ts";

test.each([
  [0, "0 B"],
  [1_023, "1023 B"],
  [1_024, "1.0 KiB"],
  [1_572_864, "1.5 MiB"],
  [1_073_741_824, "1.0 GiB"],
])("bytesText(%p) is %p", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test("countText() groups the digits", () => {
  expect(countText(1_234_567)).toBe("1,234,567");
});
