// Times in the browser's time zone.
import { expect, test } from "bun:test";
import { join } from "node:path";

const script = join(import.meta.dirname, "../../../../src/web/browser/live/local-times.js");
const { momentText, localClock, localSentence, localValue } = (await import(script)) as {
  readonly momentText: (at: string, zone?: string) => string;
  readonly localClock: (at: string, zone?: string) => string;
  readonly localSentence: (sentence: string, at: string | null, zone?: string) => string;
  readonly localValue: (utc: string, zone?: string) => string;
};

test.each([
  ["2026-11-29T23:05:09.123Z", "Asia/Tokyo", "2026-11-30 08:05:09"],
  ["2026-07-01T00:00:00Z", "America/New_York", "2026-06-30 20:00:00"],
  ["2026-11-29T15:00:00Z", "Asia/Tokyo", "2026-11-30 00:00:00"],
  ["2026-11-29T23:05:09Z", "UTC", "2026-11-29 23:05:09"],
])("momentText(%s) in %s is %s", (at, zone, text) => {
  expect(momentText(at, zone)).toBe(text);
  expect(localClock(at, zone)).toBe(text.slice(11));
});

test("what is no time gives no text, so that the server's words stay", () => {
  expect(momentText("soon")).toBe("");
  expect(localClock("")).toBe("");
});

test("localSentence() replaces the time that it is told, and no other", () => {
  const text = 'ada\'s request was answered by ann at 23:05:09 UTC: "at 10:00:00 UTC".';
  expect(localSentence(text, "2026-11-29T23:05:09Z", "Asia/Tokyo")).toBe(
    'ada\'s request was answered by ann at 08:05:09: "at 10:00:00 UTC".',
  );
  expect(localSentence(text, null)).toBe(text);
});

test("localValue() takes a time of the address, with and without its Z", () => {
  expect(localValue("2026-11-29T23:05:09", "Asia/Tokyo")).toBe("2026-11-30T08:05:09");
  expect(localValue("2026-11-29T23:05:09.000Z", "Asia/Tokyo")).toBe("2026-11-30T08:05:09");
  expect(["", "2h", "today"].map((text) => localValue(text))).toEqual(["", "", ""]);
});
