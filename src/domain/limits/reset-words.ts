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
const day = "(today|tomorrow|(?:sun|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?)(?:day)?)\\b";
const clock = String.raw`(\d{1,2})(?::(\d{2})(?::\d{2})?)?\s?([ap]\.?m\.?)?`;
const place = String.raw`(?:\s*\(?(UTC|GMT|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+)\)?)?`;
const at = String.raw`(?:\s|,|on\b|at\b|until\b|:)*`;

const forms = {
  /** In seconds, or in milliseconds. */
  epoch: /(?:\||resets?_?at["']?\s*[:=]\s*["']?)(\d{10}(?:\d{3})?)\b/i,
  stamp: /\b(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))/i,
  /** Without a zone: in that of the machine, unless it says UTC. */
  local:
    /\b(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?!\S*(?:[Z+]|-\d\d:))(?:\s*\(?(UTC|GMT)\)?)?/,
  seconds:
    /(?:resets?_?in_?(?:seconds)?|retry[-_ ]?after(?:_?seconds)?|retryDelay)["']?(?:\s*[:=]\s*|\s+)["']?(\d+(?:\.\d+)?)(?:s\b|["',}.\s]|$)/i,
  span: new RegExp(String.raw`${comes}(?: (?:in|after)| will be in)\s+(?:about )?(${duration})`, "i"),
  moment: new RegExp(`${comes}${at}(?:(?:${date}|${day})${at})?(?:${clock})?${place}`, "i"),
} as const;

const justPassedMs = 600_000;

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * When the limit ends, in ms since 1970; undefined if the words do not say it, or say a time that has passed or is more than 32 days away.
 * @param zone the time zone of the machine on which the CLI runs, in which a clock time without a zone counts
 */
export function readResetMs(words: string, nowMs: number, zone: string): number | undefined {
  // A time that has passed may stand beside one that is ahead, such as the moment of the answer.
  return [
    epochMs(words),
    stampMs(words),
    localMs(words, zone),
    secondsMs(words, nowMs),
    spanMs(words, nowMs),
    clockMs(words, nowMs, zone),
  ].find((found) => found !== undefined && isBelieved(found, nowMs));
}

/** As {@link readResetMs} believes a time. */
export function isBelieved(resetMs: number, nowMs: number): boolean {
  return resetMs > nowMs && resetMs - nowMs <= longestLimitMs;
}

function epochMs(words: string): number | undefined {
  const [, text] = forms.epoch.exec(words) ?? [];
  if (text === undefined) return undefined;
  return text.length > 10 ? Number(text) : Number(text) * 1_000;
}

function localMs(words: string, local: string): number | undefined {
  const read = forms.local.exec(words);
  if (read === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = read.slice(1, 6).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59) return undefined;
  return clockTimeMs({ year, month, day }, hour, minute, zoneOf(read[6] ?? local));
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
  const [
    ,
    monthBefore,
    dayAfter,
    dayBefore,
    monthAfter,
    yearText,
    dayWord,
    hourText,
    minuteText,
    half,
    zoneText,
  ] = read;
  const zone = zoneOf(zoneText ?? local);
  const monthText = (monthBefore ?? monthAfter)?.toLowerCase();
  const dayText = dayAfter ?? dayBefore;
  // "resets 3" may be anything.
  const isClock = hourText !== undefined && (minuteText !== undefined || half !== undefined);
  if (!isClock && monthText === undefined && dayWord === undefined) return undefined;
  const hour = isClock ? hourOf(Number(hourText), half) : 0;
  const minute = isClock ? Number(minuteText ?? 0) : 0;
  if (hour > 23 || minute > 59) return undefined;
  const today = dayOf(nowMs, zone);
  if (dayWord !== undefined) {
    const ahead = daysAhead(dayWord.toLowerCase(), weekdayOf(today));
    const named = clockTimeMs({ ...today, day: today.day + ahead }, hour, minute, zone);
    const isPassedWeekday = ahead === 0 && dayWord.toLowerCase() !== "today" && named <= nowMs;
    return isPassedWeekday ? clockTimeMs({ ...today, day: today.day + 7 }, hour, minute, zone) : named;
  }
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

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** How many days after today the named day is. @param word `today`, `tomorrow`, or a weekday @param weekday today's, from Sunday, 0 */
function daysAhead(word: string, weekday: number): number {
  if (word === "today") return 0;
  if (word === "tomorrow") return 1;
  return (weekdays.indexOf(word.slice(0, 3)) - weekday + 7) % 7;
}

function weekdayOf({ year, month, day }: ReturnType<typeof dayOf>): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay();
}

function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  return (hour % 12) + (half.toLowerCase().startsWith("p") ? 12 : 0);
}
