import { expect, test } from "bun:test";
import { createMadePages, type MadePage } from "../../../src/web/pages/made-pages.ts";

const page: MadePage = { eventId: "i-1", listed: new Set(["ada"]), matching: ["ada"], groups: ["working"] };

test("find() finds a page by its key, but not for a browser that has applied patches since, and not for ever", () => {
  const made = createMadePages();
  const key = made.note(page);
  expect(made.find(key, "i-1")).toBe(page);
  expect(made.find(key, "i-2")).toBeUndefined();
  expect(made.find(key, undefined)).toBeUndefined();
  expect(made.find("another", "i-1")).toBeUndefined();
  expect(made.find(undefined, undefined)).toBeUndefined();
  // Another server in the same process has pages of its own.
  expect(createMadePages().find(key, "i-1")).toBeUndefined();
  for (let n = 0; n < 50; n += 1) made.note(page);
  expect(made.find(key, "i-1")).toBeUndefined();
});
