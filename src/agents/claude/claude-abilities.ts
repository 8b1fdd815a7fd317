// What a release of Claude Code can do, by its number.

/** Brought hooks that it calls itself, by HTTP; the oldest whose stream was seen to carry hooks as well. */
const firstWithHooks = [2, 1, 63] as const;

export interface ClaudeAbilities {
  readonly httpHooks: boolean;
  /** Hooks over the stream of a headless session. */
  readonly streamHooks: boolean;
  /** A hook's command with arguments of its own, which no shell reads. */
  readonly commandArgs: boolean;
}

/** A release that does not say its number is taken for a new one. */
export function claudeAbilities(version: string | undefined): ClaudeAbilities {
  const isNew = version === undefined || !isOlder(version.split(".").map(Number));
  return { httpHooks: isNew, streamHooks: isNew, commandArgs: isNew };
}

function isOlder(parts: readonly number[]): boolean {
  const place = firstWithHooks.findIndex((part, index) => part !== parts[index]);
  return place !== -1 && (parts[place] ?? 0) < (firstWithHooks[place] ?? 0);
}
