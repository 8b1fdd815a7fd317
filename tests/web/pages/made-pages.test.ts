import { expect, test } from "bun:test";
import { findMade, type MadePage, noteMade } from "../../../src/web/pages/made-pages.ts";

const page: MadePage = { eventId: "i-1", listed: new Set(["ada"]), matching: ["ada"], groups: ["working"] };

test("findMade() finds a page by its key, but not for a browser that has applied patches since, and not for ever", () => {
  const key = noteMade(page);
  expect(findMade(key, "i-1")).toBe(page);
  expect(findMade(key, "i-2")).toBeUndefined();
  expect(findMade(key, undefined)).toBeUndefined();
  expect(findMade("another", "i-1")).toBeUndefined();
  expect(findMade(undefined, undefined)).toBeUndefined();
  for (let n = 0; n < 50; n += 1) noteMade(page);
  expect(findMade(key, "i-1")).toBeUndefined();
});
