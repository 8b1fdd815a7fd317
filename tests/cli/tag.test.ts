import { describe, expect, test } from "bun:test";
import { readTags } from "../../src/cli/tag.ts";

describe("readTags()", () => {
  test("+name adds, -name takes away, and a name alone adds", () => {
    expect(readTags(["+api", "-night", "web", "-a-b"])).toEqual({
      add: ["api", "web"],
      remove: ["night", "a-b"],
    });
  });

  test.each(["+", "a b", "+a,b", "none"])("refuses %j", (word) => {
    expect(() => readTags([word])).toThrow(`"${word}" is not a tag`);
  });
});
