// Which part of a transcript an address asks for.
import { expect, test } from "bun:test";
import { readTranscriptQuery } from "../../../src/web/api/transcript-query.ts";
import { errorOf } from "../../support/error-of.ts";

const now = new Date("2026-05-03T14:00:00Z");

test("readTranscriptQuery() > takes every sequence that it names, and empty fields for left out", () => {
  const most = String(Number.MAX_SAFE_INTEGER);
  expect(readTranscriptQuery({ after: most, before: "", since: "2h", limit: "0" }, now)).toEqual({
    ...{ after: Number.MAX_SAFE_INTEGER, before: undefined, untilMs: undefined, limit: 1 },
    sinceMs: Date.parse("2026-05-03T12:00:00Z"),
  });
});

test.each(["9007199254740992", "-1", "1.5", "x"])(
  "readTranscriptQuery() > refuses the sequence %s",
  (after) => {
    expect(errorOf(() => readTranscriptQuery({ after }, now)).message).toBe(
      `after "${after}" is not a whole number up to 9007199254740991`,
    );
  },
);
