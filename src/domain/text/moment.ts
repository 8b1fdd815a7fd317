// Parses times and durations that a person types or an HTTP answer has, and writes how long something is. Pure: the present is a parameter.
import { CliaiError, type ErrorCode } from "./errors.ts";

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const rfc3339 = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/i;

/** What {@link parseDurationMs} takes. */
export const durationPattern = /^(?:\d+(?:\.\d+)?(?:ms|min|[smhdw]))+$/;

/** Parses `90s`, `5m`, `2h`, `1d`, `1w` and sums such as `1h30m` to milliseconds; undefined if the text is not a duration. */
export function parseDurationMs(text: string): number | undefined {
  if (!durationPattern.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|min|[smhdw])/g)) {
    sum += Number(count) * (unitMs[unit ?? ""] ?? 0);
  }
  return sum;
}

/**
 * Parses an RFC 3339 time (a date alone means its beginning in UTC), a duration before now, or `today` or `yesterday` (its local
 * beginning), to milliseconds since 1970. A duration that reaches back before 1970 means 1970.
 * @param name the flag, for the message
 * @throws CliaiError `usage`
 */
export function parseMomentMs(text: string, name: string, now: Date): number {
  if (text === "today" || text === "yesterday") return dayStartMs(now, text === "today" ? 0 : 1);
  const ago = parseDurationMs(text);
  // Otherwise a long duration would lead to a time that no clock has.
  if (ago !== undefined) return Math.max(0, now.getTime() - ago);
  const at = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new CliaiError("usage", `${name} "${text}" is neither a time nor a duration`, {
    hint: `write it as ${name} 2h, ${name} yesterday, or ${name} 2026-05-03T14:00:00Z`,
  });
}

/** When a day began in local time, in ms since 1970. Not computed by hours, because a day may have 23 or 25. */
function dayStartMs(now: Date, daysBefore: number): number {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysBefore).getTime();
}

export interface SecondsBounds {
  readonly least: number;
  readonly most: number;
  readonly hint: string;
  /** Default `usage`. */
  readonly code?: ErrorCode;
}

/**
 * Parses a number of seconds, such as `10` or `0.5`.
 * @param name the flag or the environment variable, for the message
 * @throws CliaiError (`code`) if the text is not a number from `least` to `most`
 */
export function parseSeconds(
  text: string,
  name: string,
  { least, most, hint, code = "usage" }: SecondsBounds,
): number {
  const seconds = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= least && seconds <= most) return seconds;
  throw new CliaiError(code, `${name} "${text}" is not a number of seconds from ${least} to ${most}`, {
    hint,
  });
}

/**
 * The wait that the header `Retry-After` of an HTTP answer asks for, in ms: from its seconds or its date (RFC 9110). From 0 to `longestMs`;
 * undefined without the header, or if it is neither.
 */
export function readRetryAfterMs(header: string | null, now: Date, longestMs: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.max(0, Math.min(ms, longestMs));
}

/** A duration in its largest unit: `3 s`, `5 min`, `2 h`, `4 d`. A negative one is `0 s`. */
export function spanText(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
