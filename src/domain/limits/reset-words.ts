// This room decides about usage limits: when one ends, and who waits for that. Pure.
//
// When a usage limit ends, from the words with which an agent's CLI or its model's service reports it.
import { clockTimeMs, dayOf, zoneOf } from "../spending/days.ts";

/** A later end is not believed: the longest limits are those of a month. */
export const longestLimitMs = 32 * 86_400_000;

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };
const count = String.raw`\d+(?:\.\d+)?\s*(?:ms|milliseconds?|d(?:ays?)?|h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)(?![a-z])`;
const duration = String.raw`${count}(?:(?:,|\s|and)*${count})*`;
const comes = String.raw`\b(?:resets?|try again|retry|available(?: again)?|quota will reset)`;
const month = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*";
const date = String.raw`(?:${month}\.? (\d{1,2})(?:st|nd|rd|th)?|(\d{1,2})(?:st|nd|rd|th)? ${month})(?:,? (\d{4}))?`;
const clock = String.raw`(\d{1,2})(?::(\d{2})(?::\d{2})?)?\s?([ap]\.?m\.?)?`;
const place = String.raw`(?:\s*\(?(UTC|GMT|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+)\)?)?`;
const at = String.raw`(?:\s|,|on\b|at\b|until\b|:)*`;

const forms = {
  epoch: /(?:\||resets?_?at["']?\s*[:=]\s*["']?)(\d{10})\b/i,
  stamp: /\b(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))/i,
  seconds:
    /(?:resets?_?in_?(?:seconds)?|retry[-_ ]?after(?:_?seconds)?|retryDelay)["']?\s*[:=]\s*["']?(\d+(?:\.\d+)?)(?:s\b|["',}\s]|$)/i,
  span: new RegExp(String.raw`${comes}(?: (?:in|after)| will be in)\s+(?:about )?(${duration})`, "i"),
  moment: new RegExp(`${comes}${at}(?:${date}${at})?(?:${clock})?${place}`, "i"),
} as const;

const justPassedMs = 600_000;

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * When the limit ends, in ms since 1970; undefined if the words do not say it, or say a time that has passed or is more than 32 days away.
 * @param zone the time zone of the machine on which the CLI runs, in which a clock time without a zone counts
 */
export function readResetMs(words: string, nowMs: number, zone: string): number | undefined {
  const found =
    epochMs(words) ??
    stampMs(words) ??
    secondsMs(words, nowMs) ??
    spanMs(words, nowMs) ??
    clockMs(words, nowMs, zone);
  return found !== undefined && isBelieved(found, nowMs) ? found : undefined;
}

/** As {@link readResetMs} believes a time. */
export function isBelieved(resetMs: number, nowMs: number): boolean {
  return resetMs > nowMs && resetMs - nowMs <= longestLimitMs;
}

function epochMs(words: string): number | undefined {
  const [, text] = forms.epoch.exec(words) ?? [];
  return text === undefined ? undefined : Number(text) * 1_000;
}

function stampMs(words: string): number | undefined {
  const [, text] = forms.stamp.exec(words) ?? [];
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function secondsMs(words: string, nowMs: number): number | undefined {
  const [, text] = forms.seconds.exec(words) ?? [];
  return text === undefined ? undefined : nowMs + Number(text) * 1_000;
}

function spanMs(words: string, nowMs: number): number | undefined {
  const [, text] = forms.span.exec(words) ?? [];
  if (text === undefined) return undefined;
  let sum = 0;
  for (const [, amount = "0", unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const isMs = /^(?:ms|milli)/i.test(unit);
    sum += Number(amount) * (isMs ? 1 : (unitMs[unit.charAt(0).toLowerCase()] ?? 0));
  }
  return nowMs + sum;
}

function clockMs(words: string, nowMs: number, local: string): number | undefined {
  const read = forms.moment.exec(words);
  if (read === null) return undefined;
  const [, monthBefore, dayAfter, dayBefore, monthAfter, yearText, hourText, minuteText, half, zoneText] =
    read;
  const zone = zoneOf(zoneText ?? local);
  const monthText = (monthBefore ?? monthAfter)?.toLowerCase();
  const dayText = dayAfter ?? dayBefore;
  // "resets 3" may be anything.
  const isClock = hourText !== undefined && (minuteText !== undefined || half !== undefined);
  if (!isClock && monthText === undefined) return undefined;
  const hour = isClock ? hourOf(Number(hourText), half) : 0;
  const minute = isClock ? Number(minuteText ?? 0) : 0;
  if (hour > 23 || minute > 59) return undefined;
  const today = dayOf(nowMs, zone);
  if (monthText === undefined || dayText === undefined) {
    const first = clockTimeMs(today, hour, minute, zone);
    if (first > nowMs) return first;
    // A time without seconds may be that of the present minute. One that has just passed says nothing of tomorrow.
    if (nowMs - first < justPassedMs) return first + 60_000;
    return clockTimeMs({ ...today, day: today.day + 1 }, hour, minute, zone);
  }
  const named = { month: months.indexOf(monthText) + 1, day: Number(dayText) };
  const year = yearText === undefined ? today.year : Number(yearText);
  const first = clockTimeMs({ ...named, year }, hour, minute, zone);
  const isNextYear = yearText === undefined && first <= nowMs;
  return isNextYear ? clockTimeMs({ ...named, year: year + 1 }, hour, minute, zone) : first;
}

function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  return (hour % 12) + (half.toLowerCase().startsWith("p") ? 12 : 0);
}
