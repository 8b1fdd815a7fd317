import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { buildAgentId, caseTwinOf, isAgentId, parseAgentId } from "../../../src/domain/wire/agent-id.ts";

describe("agent ids", () => {
  test.each(["a", "Snake-1234", "0", "a_b-c", "x".repeat(63)])("parseAgentId() takes %p", (text) => {
    expect(String(parseAgentId(text))).toBe(text);
  });

  test.each(["", "-a", "_a", "a.b", "a b", "a*", "a>", "ä", "x".repeat(64), "../x", "a\n", "a/b", "a\\b"])(
    "parseAgentId() refuses %p by name",
    (text) => {
      expect(() => parseAgentId(text)).toThrow(`"${text}" is not an agent id`);
    },
  );

  test("whatever is taken is one subject token and one file name", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (isAgentId(text)) expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
  });

  test("buildAgentId() is the profile with a capital and four digits", () => {
    expect(String(buildAgentId("snake", 0))).toBe("Snake-0000");
    expect(String(buildAgentId("Snake", 0.123_456))).toBe("Snake-1234");
    expect(String(buildAgentId("demo", 0.999_999_9))).toBe("Demo-9999");
  });

  test("caseTwinOf() finds the id that differs in case only, and not the id itself", () => {
    const known = ["Ada", "Bob"].map(parseAgentId);
    expect(caseTwinOf(parseAgentId("ada"), known)).toBe(parseAgentId("Ada"));
    expect(caseTwinOf(parseAgentId("Ada"), known)).toBeUndefined();
    expect(caseTwinOf(parseAgentId("eve"), known)).toBeUndefined();
  });
});
