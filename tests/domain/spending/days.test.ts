import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  dateText,
  dayStartMs,
  hourText,
  lastDays,
  monthStartMs,
  weekStartMs,
  zoneOf,
} from "../../../src/domain/spending/days.ts";

const ms = (text: string) => Date.parse(text);
const iso = (at: number) => new Date(at).toISOString();

describe("the beginnings of days", () => {
  test.each([
    ["UTC", "2026-11-29T00:00:00.000Z"],
    ["Europe/Berlin", "2026-11-28T23:00:00.000Z"],
    ["America/New_York", "2026-11-28T05:00:00.000Z"],
    ["Asia/Kathmandu", "2026-11-28T18:15:00.000Z"],
    ["Pacific/Auckland", "2026-11-28T11:00:00.000Z"],
  ])("in %s it is %s", (zone, start) => {
    expect(iso(dayStartMs(ms("2026-11-29T03:30:00Z"), zone))).toBe(start);
  });

  test("a day may have 23 or 25 hours", () => {
    const days = lastDays(ms("2026-10-26T12:00:00Z"), "Europe/Berlin", 3);
    expect(days.map(iso)).toEqual([
      "2026-10-23T22:00:00.000Z",
      "2026-10-24T22:00:00.000Z",
      "2026-10-25T23:00:00.000Z",
    ]);
  });

  test.each([
    ["America/Santiago", "2026-09-06T12:00:00Z", "2026-09-06T04:00:00.000Z"],
    ["America/Santiago", "2026-09-06T03:30:00Z", "2026-09-05T04:00:00.000Z"],
    ["America/Havana", "2026-03-08T12:00:00Z", "2026-03-08T05:00:00.000Z"],
    ["America/Havana", "2026-03-08T04:30:00Z", "2026-03-07T05:00:00.000Z"],
    // A whole day was left out.
    ["Pacific/Apia", "2011-12-31T12:00:00Z", "2011-12-31T10:00:00.000Z"],
  ])("in %s, where the clocks jump over midnight, the day of %s begins at %s", (zone, at, start) => {
    expect(iso(dayStartMs(ms(at), zone))).toBe(start);
  });

  test("a week begins on Monday, a month on its first", () => {
    expect(dateText(weekStartMs(ms("2026-11-29T12:00:00Z"), "UTC"), "UTC")).toBe("2026-11-23");
    expect(dateText(monthStartMs(ms("2026-11-29T12:00:00Z"), "Asia/Tokyo"), "Asia/Tokyo")).toBe("2026-11-01");
    expect(lastDays(ms("2026-03-02T12:00:00Z"), "UTC", 4).map((day) => dateText(day, "UTC"))).toEqual([
      "2026-02-27",
      "2026-02-28",
      "2026-03-01",
      "2026-03-02",
    ]);
  });

  test("in every zone it is midnight, or the first minute after the clocks jump over it", () => {
    const zones = fc.constantFrom(
      "UTC",
      "Europe/Berlin",
      "America/St_Johns",
      "Asia/Kathmandu",
      "Australia/Lord_Howe",
    );
    fc.assert(
      fc.property(zones, fc.integer({ min: ms("2025-01-01"), max: ms("2027-12-31") }), (zone, now) => {
        const start = dayStartMs(now, zone);
        expect(hourText(start, zone)).toBe("00:00");
        expect(start % 900_000).toBe(0);
        expect(now - start).toBeLessThan(25 * 3_600_000);
        expect(start).toBeLessThanOrEqual(now);
      }),
      { numRuns: 200 },
    );
  });
});

test.each([
  ["Europe/Berlin", "Europe/Berlin"],
  [undefined, "UTC"],
  ["Mars/Olympus", "UTC"],
  ['"><script>', "UTC"],
  ["+02:00", "UTC"],
])("zoneOf(%p) is %p", (text, zone) => {
  expect(zoneOf(text)).toBe(zone);
});
