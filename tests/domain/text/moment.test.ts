import { describe, expect, test } from "bun:test";
import { parseDurationMs, parseMomentMs } from "../../../src/domain/text/moment.ts";

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
  ])("reads %s", (text, at) => expect(parseMomentMs(text, "--since", now)).toBe(Date.parse(at)));

  test.each(["yesterday", "2026-13-01", "5", "12:00"])("refuses %s by name", (text) =>
    expect(() => parseMomentMs(text, "--since", now)).toThrow(
      `--since "${text}" is neither a time nor a duration`,
    ),
  );
});
