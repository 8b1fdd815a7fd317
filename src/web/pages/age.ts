// Times for people. The browser's age.js says ages in the same words; a test holds the two together.
import { spanText } from "../../domain/text/moment.ts";

/** `now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`. A time that lies ahead reads `now`: clocks differ. */
export function ageText(at: string, nowMs: number): string {
  const seconds = Math.floor((nowMs - Date.parse(at)) / 1000);
  return seconds < 3 ? "now" : `${spanText(seconds)} ago`;
}

/** `2026-11-23 05:21:10 UTC` */
export function absoluteTime(at: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `05:21:10` */
export function clockTime(at: string): string {
  return new Date(at).toISOString().slice(11, 19);
}
