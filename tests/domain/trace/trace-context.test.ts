import { expect, test } from "bun:test";
import { parseTraceparent, traceparentOf } from "../../../src/domain/trace/trace-context.ts";

const [trace, span] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];

test("a traceparent is read, and written as it was", () => {
  const text = `00-${trace}-${span}-01`;
  expect(parseTraceparent(text)).toEqual({ trace_id: trace, span_id: span });
  expect(traceparentOf({ trace_id: trace, span_id: span })).toBe(text);
  const unsampled = `00-${trace}-${span}-00`;
  expect(parseTraceparent(unsampled)).toEqual({ trace_id: trace, span_id: span, is_unsampled: true });
  expect(traceparentOf({ trace_id: trace, span_id: span, is_unsampled: true })).toBe(unsampled);
  // A later version may have more flags and fields.
  expect(parseTraceparent(`01-${trace}-${span}-03-more`)).toEqual({ trace_id: trace, span_id: span });
});

test.each([
  undefined,
  7,
  "",
  `00-${trace}-${span}`,
  `00-${trace}-${span}-01-more`,
  `ff-${trace}-${span}-01`,
  `00-${"0".repeat(32)}-${span}-01`,
  `00-${trace}-${"0".repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${trace}-${span}-01\r\nx: y`,
])("%p is none", (text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});
