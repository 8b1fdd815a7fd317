import { expect, test } from "bun:test";
import type { Notice } from "../../../src/domain/notices/notice.ts";
import { type Notices, wordsOf } from "../../../src/domain/notices/notices-words.ts";

const notice = (kind: Notice["kind"], n = 0): Notice => ({
  ...{
    notice_id: `${kind}${n}`,
    kind,
    at: "2026-01-01T00:00:00.000Z",
    title: `a${n} ${kind}`,
    text: `text ${n}`,
  },
  path: `/agents/a${n}`,
});

test("wordsOf() has the words of a single notice", () => {
  expect(wordsOf([notice("stuck")])).toEqual({ title: "a0 stuck", text: "text 0", path: "/agents/a0" });
});

test("wordsOf() counts several by kind, and has a line for each of the first eight", () => {
  const many = Array.from({ length: 9 }, (_, n) => notice("needs_you", n));
  const { title, text, path } = wordsOf([notice("error", 9), ...many, { ...notice("all_done"), text: "" }]);
  expect(title).toBe("9 need you, 1 has an error, all are done");
  expect(wordsOf([notice("limit"), notice("limit", 1), notice("stuck")]).title).toBe(
    "2 are at a limit, 1 is stuck",
  );
  expect(text.split("\n")).toEqual([
    "a9 error: text 9",
    ...Array.from({ length: 7 }, (_, n) => `a${n} needs_you: text ${n}`),
    "and 3 more",
  ]);
  expect(path).toBe("/inbox");
});

test("wordsOf() leads to the system page if all are alerts", () => {
  expect(wordsOf([notice("alert"), notice("alert", 1)] as Notices)).toMatchObject({
    title: "2 alerts",
    path: "/system",
  });
});
