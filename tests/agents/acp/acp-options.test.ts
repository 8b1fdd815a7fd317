// What one yes of a person grants an ACP agent, and what a refusal refuses.
import { describe, expect, test } from "bun:test";
import { readPermission } from "../../../src/agents/acp/acp-messages.ts";
import { grantOf, refusalOf } from "../../../src/agents/acp/acp-options.ts";

const request = (...kinds: string[]) => {
  const options = kinds.map((kind, index) => ({ optionId: `o${index}`, kind, name: `the words of ${kind}` }));
  const read = readPermission({ sessionId: "s1", toolCall: { toolCallId: "t1" }, options });
  if (read === undefined) throw new Error("it is none");
  return read;
};

describe("grantOf()", () => {
  test("takes the option for this call alone, wherever it stands", () => {
    expect(grantOf(request("allow_always", "reject_once", "allow_once"))).toEqual({
      ...{ optionId: "o2", isOnce: true, words: "the words of allow_once" },
    });
  });

  test("takes one that allows more only if there is no other, and says so with its words", () => {
    expect(grantOf(request("reject_once", "allow_always"))).toEqual({
      ...{ optionId: "o1", isOnce: false, words: "the words of allow_always" },
    });
  });

  test("takes no option that refuses, or of a kind that it does not know", () => {
    expect(grantOf(request("reject_once", "reject_always", "allow_everything"))).toBeUndefined();
    expect(grantOf(request())).toBeUndefined();
  });

  test("has for an option without a name the word of its kind", () => {
    const { options, ...rest } = request("allow_always");
    const unnamed = options.map(({ name: _, ...option }) => option);
    expect(grantOf({ ...rest, options: unnamed })?.words).toBe("allow_always");
  });
});

test("refusalOf() refuses this call alone: where only all calls can be refused, the request is cancelled", () => {
  expect(refusalOf(request("reject_always", "allow_once", "reject_once"))).toEqual({
    outcome: { outcome: "selected", optionId: "o2" },
  });
  expect(refusalOf(request("reject_always", "allow_once"))).toEqual({ outcome: { outcome: "cancelled" } });
});
