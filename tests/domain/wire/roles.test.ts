import { describe, expect, test } from "bun:test";
import { readRole } from "../../../src/domain/wire/roles.ts";

describe("readRole()", () => {
  test.each([
    ["captain", "captain"],
    ["agent", "agent"],
    ["Captain", "agent"],
    ["operator", "agent"],
    ["", "agent"],
    [undefined, "agent"],
  ] as const)("of %j is %s", (word, role) => expect(readRole(word)).toBe(role));
});
