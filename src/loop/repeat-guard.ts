// Notices a model that makes the same call again and again with the same result.

export interface RepeatGuard {
  /** Counts a call with its result. @returns how many times this turn has made this call with this result, this time included */
  count(name: string, args: unknown, result: string): number;
}

/** From this count on, the model is told that it repeats itself. */
export const toldAt = 3;
/** At this count the turn ends. */
export const endsAt = 6;

export const repeatWords =
  "You have made this same call before, with this same result. Do something else, or end your work with an answer.";

export function createRepeatGuard(): RepeatGuard {
  const counts = new Map<string, number>();
  return {
    count(name, args, result) {
      const key = JSON.stringify([name, sorted(args), result]);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return count;
    },
  };
}

/** The same value whatever the order of its keys is. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, inner]) => [key, sorted(inner)]);
}
