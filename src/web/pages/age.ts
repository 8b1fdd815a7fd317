// Times for people. The browser's age.js must use the same words; a test compares the two.
import { spanText } from "../../domain/text/moment.ts";

/** `now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`. A time in the future reads `now`, because clocks differ. */
export function ageText(at: string, nowMs: number): string {
  const seconds = Math.floor((nowMs - Date.parse(at)) / 1000);
  return seconds < 3 ? "now" : `${spanText(seconds)} ago`;
}

/** `in 44 min`, or `now` if the time is over. */
export function untilText(at: string, nowMs: number): string {
  const seconds = (Date.parse(at) - nowMs) / 1000;
  return seconds <= 0 ? "now" : `in ${spanText(seconds)}`;
}

/** `2026-11-23 05:21:10 UTC` */
export function absoluteTime(at: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `05:21:10` */
export function clockTime(at: string): string {
  return new Date(at).toISOString().slice(11, 19);
}
