// When days, weeks and months begin in a time zone. Pure: the present is a parameter.

/** The name of a time zone that this program knows; `UTC` for any other text. */
export function zoneOf(text: string | undefined): string {
  if (text === undefined || !/^[A-Za-z][\w+/-]{0,63}$/.test(text)) return "UTC";
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return "UTC"; // not a zone
  }
}

export interface Day {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en", {
      ...{ timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric" },
      ...{ hour: "numeric", minute: "numeric", second: "numeric" },
    });
    formats.set(zone, format);
  }
  return format;
}

function partsOf(ms: number, zone: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
}

/** How far the zone's clocks are ahead of UTC at a moment. */
function aheadMs(ms: number, zone: string): number {
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = partsOf(ms, zone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1_000) * 1_000;
}

/** The day of a moment in a zone. */
export function dayOf(ms: number, zone: string): Day {
  const { year = 0, month = 1, day = 1 } = partsOf(ms, zone);
  return { year, month, day };
}

/** When a day begins, in ms since 1970. Days beyond the end of a month are those of the next one. */
function startMs(day: Day, zone: string): number {
  const start = clockTimeMs(day, 0, 0, zone);
  const wanted = dateMs(day);
  const isBegun = (ms: number) => dateMs(dayOf(ms, zone)) >= wanted;
  if (isBegun(start)) return start;
  // The clocks jump over midnight: the day begins with that, somewhere in the next 24 hours.
  let [before, begun] = [start, start + 24 * 3_600_000];
  while (begun - before > 1_000) {
    const middle = Math.floor((before + begun) / 2_000) * 1_000;
    if (isBegun(middle)) begun = middle;
    else before = middle;
  }
  return begun;
}

/** A number that grows with the day. */
function dateMs({ year, month, day }: Day): number {
  return Date.UTC(year, month - 1, day);
}

/** When the clocks of a zone show that time on a day, in ms since 1970. */
export function clockTimeMs({ year, month, day }: Day, hour: number, minute: number, zone: string): number {
  const utc = Date.UTC(year, month - 1, day, hour, minute);
  // Twice, because the first guess may lie on the other side of a change of the clocks.
  const guess = utc - aheadMs(utc, zone);
  return utc - aheadMs(guess, zone);
}

export function dayStartMs(nowMs: number, zone: string): number {
  return startMs(dayOf(nowMs, zone), zone);
}

/** A week begins on Monday. */
export function weekStartMs(nowMs: number, zone: string): number {
  const { year, month, day } = dayOf(nowMs, zone);
  const sinceMonday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
  return startMs({ year, month, day: day - sinceMonday }, zone);
}

export function monthStartMs(nowMs: number, zone: string): number {
  return startMs({ ...dayOf(nowMs, zone), day: 1 }, zone);
}

/** The beginnings of the last `count` days, the oldest first; the last one is today's. */
export function lastDays(nowMs: number, zone: string, count: number): number[] {
  const today = dayOf(nowMs, zone);
  return Array.from({ length: count }, (_, index) =>
    startMs({ ...today, day: today.day - (count - 1 - index) }, zone),
  );
}

/** `2026-11-29` */
export function dateText(ms: number, zone: string): string {
  const { year, month, day } = dayOf(ms, zone);
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** `14:03:22` */
export function clockText(ms: number, zone: string): string {
  const { hour = 0, minute = 0, second = 0 } = partsOf(ms, zone);
  return [hour, minute, second].map((part) => String(part).padStart(2, "0")).join(":");
}

/** `14:00` */
export function hourText(ms: number, zone: string): string {
  const { hour = 0, minute = 0 } = partsOf(ms, zone);
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}
