/** @jsxImportSource hono/jsx */
// A point in time: how long ago it is and, in the title, exactly when. The browser's script updates the age.
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

export function Clock({ at }: { at: string }) {
  return (
    <time dateTime={at} title={absoluteTime(at)}>
      {clockTime(at)}
    </time>
  );
}
