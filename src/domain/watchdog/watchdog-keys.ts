// What the watchdog of an agent looks for: the key `watchdog` of its profile, and the field of that name in its heartbeats.
import * as v from "valibot";
import { described, wholeNumber } from "../text/setting-schemas.ts";

const watchdogActs = ["alert", "pause"] as const;

export const watchdogEntries = {
  same_call: v.optional(
    described(wholeNumber(2, 1_000), "how often the same call of a tool may fail while nothing changes"),
    5,
  ),
  silent_min: v.optional(
    described(wholeNumber(1, 10_080), "minutes of a turn without an event, and so without a changed file"),
    20,
  ),
  unchanged_min: v.optional(
    described(
      wholeNumber(1, 10_080),
      "minutes of a turn in which no tool has changed a file; not looked for if left out",
    ),
  ),
  context_percent: v.optional(
    described(wholeNumber(1, 100), "how much of the model's context may be filled"),
    90,
  ),
  act: v.optional(
    described(
      v.picklist(watchdogActs, `must be one of ${watchdogActs.join(", ")}`),
      "what is done: tell people (alert), or also hold the agent (pause)",
    ),
    "alert",
  ),
};
export const WatchdogSchema = v.strictObject(watchdogEntries, "must be an object");
export type Watchdog = Readonly<v.InferOutput<typeof WatchdogSchema>>;
