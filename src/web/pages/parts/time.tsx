/** @jsxImportSource hono/jsx */
// A point in time: how long ago it is, or its clock time, and in the title exactly when. The browser's script updates the age, and shows
// clock times in its own time zone; the server writes UTC.
import { absoluteTime, ageText, clockTime, untilText } from "../age.ts";

export function Age({ at, now }: { at: string | undefined; now: Date }) {
  if (at === undefined) return <span class="quiet">never</span>;
  return (
    <time data-age dateTime={at} title={absoluteTime(at)}>
      {ageText(at, now.getTime())}
    </time>
  );
}

/** How long it is until then. */
export function Until({ at, now }: { at: string; now: Date }) {
  return (
    <time data-until dateTime={at} title={absoluteTime(at)}>
      {untilText(at, now.getTime())}
    </time>
  );
}

/** When something ends by itself, behind the words for it: the clock time if that is within twelve hours, else with the date. */
export function UntilThen({ at, now }: { at: string; now: Date }) {
  const isSoon = Date.parse(at) - now.getTime() < 12 * 3_600_000;
  return <>, until {isSoon ? <Clock at={at} /> : <Moment at={at} />}</>;
}

export function Clock({ at }: { at: string }) {
  return (
    <time data-clock dateTime={at} title={absoluteTime(at)}>
      {clockTime(at)}
    </time>
  );
}

/** The date and the clock time. */
export function Moment({ at }: { at: string }) {
  return (
    <time data-moment dateTime={at} title={absoluteTime(at)}>
      {absoluteTime(at)}
    </time>
  );
}
