import { describe, expect, test } from "bun:test";
import {
  parseDurationMs,
  parseMomentMs,
  parseSeconds,
  readRetryAfterMs,
  spanText,
} from "../../../src/domain/text/moment.ts";

describe("parseDurationMs()", () => {
  test.each([
    ["90s", 90_000],
    ["5m", 300_000],
    ["5min", 300_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["2d", 172_800_000],
    ["1w", 604_800_000],
    ["250ms", 250],
  ])("reads %s", (text, ms) => expect(parseDurationMs(text)).toBe(ms));

  test.each(["", "5", "h", "5 m", "-5m", "5y", "5mh"])("takes %j for no duration", (text) =>
    expect(parseDurationMs(text)).toBeUndefined(),
  );
});

describe("parseMomentMs()", () => {
  const now = new Date("2026-05-03T12:00:00Z");

  test.each([
    ["2h", "2026-05-03T10:00:00Z"],
    ["2026-05-03T11:30:00Z", "2026-05-03T11:30:00Z"],
    ["2026-05-03T11:30:00.250+02:00", "2026-05-03T09:30:00.250Z"],
    ["2026-05-01", "2026-05-01T00:00:00Z"],
    ["999999999999d", "1970-01-01T00:00:00Z"],
  ])("reads %s", (text, at) => expect(parseMomentMs(text, "--since", now)).toBe(Date.parse(at)));

  test("reads today and yesterday as the beginning of the local day", () => {
    const at = new Date(2026, 4, 3, 12, 30);
    const read = (text: string) => parseMomentMs(text, "--since", at);
    expect(read("today")).toBe(new Date(2026, 4, 3).getTime());
    expect(read("yesterday")).toBe(new Date(2026, 4, 2).getTime());
  });

  test.each(["tomorrow", "2026-13-01", "5", "12:00"])("refuses %s by name", (text) =>
    expect(() => parseMomentMs(text, "--since", now)).toThrow(
      `--since "${text}" is neither a time nor a duration`,
    ),
  );
});

describe("parseSeconds()", () => {
  const bounds = { least: 0.1, most: 3_600, hint: "leave it out" };

  test.each([
    ["10", 10],
    ["0.5", 0.5],
    [".5", 0.5],
    ["3600", 3_600],
  ])("reads %s", (text, seconds) => expect(parseSeconds(text, "--timeout", bounds)).toBe(seconds));

  test.each(["", " ", "0", "0.09", "3601", "-1", "1e3", "0x10", "soon", "10s", "NaN", "Infinity"])(
    "refuses %j by name, with both bounds",
    (text) =>
      expect(() => parseSeconds(text, "--timeout", bounds)).toThrow(
        `--timeout "${text}" is not a number of seconds from 0.1 to 3600`,
      ),
  );

  test("the error has the hint, and is one of usage unless another code is asked for", () => {
    const errorOf = (code?: "config_invalid") => {
      try {
        return parseSeconds("x", "CLIAI_X", code === undefined ? bounds : { ...bounds, code });
      } catch (error) {
        return error;
      }
    };
    expect(errorOf()).toMatchObject({ code: "usage", hint: "leave it out" });
    expect(errorOf("config_invalid")).toMatchObject({ code: "config_invalid" });
  });
});

describe("spanText()", () => {
  test.each([
    [-5, "0 s"],
    [0.9, "0 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [3_599, "59 min"],
    [3_600, "1 h"],
    [86_399, "23 h"],
    [86_400, "1 d"],
    [8_640_000, "100 d"],
  ])("says %d seconds as %s", (seconds, text) => expect(spanText(seconds)).toBe(text));
});

describe("readRetryAfterMs()", () => {
  const now = new Date("2026-05-03T12:00:00Z");

  test.each([
    ["0", 0],
    [" 30 ", 30_000],
    ["3600", 60_000],
    ["Sun, 03 May 2026 12:00:20 GMT", 20_000],
    ["Sun, 03 May 2026 11:00:00 GMT", 0],
    ["soon", undefined],
    [null, undefined],
  ])("reads %p", (header, ms) => expect(readRetryAfterMs(header, now, 60_000)).toBe(ms));
});
