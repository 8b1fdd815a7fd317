// Quiet hours: part of each day in which a target is not told. What happens then is told when they are over.
import * as v from "valibot";
import { textSetting } from "../../domain/text/setting-schemas.ts";
import { objectMessage } from "../parse-entries.ts";

const timeOfDay = v.pipe(
  v.string("must be a time such as 22:00"),
  v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time such as 22:00"),
);

export const quietEntries = {
  from: timeOfDay,
  to: timeOfDay,
  time_zone: v.optional(
    v.pipe(
      textSetting("a time zone such as Europe/Berlin"),
      v.check(isTimeZone, "must be a time zone such as Europe/Berlin"),
    ),
  ),
};
export const QuietSchema = v.strictObject(quietEntries, objectMessage);
export type QuietHours = v.InferOutput<typeof QuietSchema>;

const minuteMs = 60_000;
const dayMinutes = 24 * 60;

/** For how many ms from now on the target is not told; 0 outside of the quiet hours. Over a change of the clocks it may be an hour off: look again then. */
export function quietForMs({ from, to, time_zone }: QuietHours, now: Date): number {
  const [start, end, present] = [minutesOf(from), minutesOf(to), minutesAt(now, time_zone)];
  const lasts = (end - start + dayMinutes) % dayMinutes;
  const passed = (present - start + dayMinutes) % dayMinutes;
  if (passed >= lasts) return 0;
  return (lasts - passed) * minuteMs - (now.getTime() % minuteMs);
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

/** The minutes since midnight there; without a zone, in that of this machine. */
function minutesAt(now: Date, timeZone: string | undefined): number {
  const time = new Intl.DateTimeFormat("en-GB", {
    ...{ hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    ...(timeZone === undefined ? {} : { timeZone }),
  });
  return minutesOf(time.format(now));
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
