import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { changeTags, TagSchema, tagsOf } from "../../../../src/domain/fleet/shown/tags.ts";

describe("tagsOf()", () => {
  test("are those of the profile and those that people gave, each once, without those that were taken away", () => {
    const tag_changes = { added: ["web", "api"], removed: ["night"] };
    expect(tagsOf({ profile_tags: ["night", "api"], tag_changes })).toEqual(["api", "web"]);
    expect(tagsOf({})).toEqual([]);
  });
});

describe("changeTags()", () => {
  test("a tag that is given again is no longer taken away", () => {
    const taken = changeTags(undefined, ["api"], ["night"]);
    expect(taken).toEqual({ added: ["api"], removed: ["night"] });
    expect(changeTags(taken, ["night"], ["api"])).toEqual({ added: ["night"], removed: ["api"] });
  });
});

test.each(["a b", "", "-x", "a,b", "zoë", "none", "x".repeat(41), 'a"b'])("TagSchema refuses %j", (tag) => {
  expect(v.is(TagSchema, tag)).toBe(false);
});
test.each(["api", "v2.1", "team/web", "Night"])("TagSchema takes %j", (tag) => {
  expect(v.is(TagSchema, tag)).toBe(true);
});
