import { expect, test } from "bun:test";
import * as v from "valibot";
import { QuietSchema, quietForMs } from "../../../src/notify/targets/quiet-hours.ts";

const hour = 3_600_000;

test.each<[string, string, string, string, number]>([
  ["before midnight", "22:00", "07:00", "2026-01-01T23:00:00.000Z", 8 * hour],
  ["after midnight", "22:00", "07:00", "2026-01-01T06:59:30.500Z", 29_500],
  ["at the end", "22:00", "07:00", "2026-01-01T07:00:00.000Z", 0],
  ["at the beginning", "22:00", "07:00", "2026-01-01T22:00:00.000Z", 9 * hour],
  ["at noon", "22:00", "07:00", "2026-01-01T12:00:00.000Z", 0],
  ["in hours of one day", "12:00", "13:30", "2026-01-01T12:30:00.000Z", hour],
  ["never, where they begin and end at once", "12:00", "12:00", "2026-01-01T12:00:00.000Z", 0],
])("quietForMs() %s", (_, from, to, now, expected) => {
  expect(quietForMs({ from, to, time_zone: "UTC" }, new Date(now))).toBe(expected);
});

test("quietForMs() goes by the time zone, with its summer time", () => {
  const quiet = { from: "22:00", to: "07:00", time_zone: "Europe/Berlin" };
  expect(quietForMs(quiet, new Date("2026-01-01T21:30:00.000Z"))).toBe(8.5 * hour);
  expect(quietForMs(quiet, new Date("2026-07-01T21:30:00.000Z"))).toBe(7.5 * hour);
});

test.each<[string, object]>([
  ["an hour that there is not", { from: "24:00", to: "07:00" }],
  ["an unknown zone", { from: "22:00", to: "07:00", time_zone: "Mars/Olympus" }],
  ["no end", { from: "22:00" }],
])("QuietSchema refuses %s", (_, value) => {
  expect(v.safeParse(QuietSchema, value).success).toBe(false);
});
