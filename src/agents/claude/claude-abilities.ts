// What a release of Claude Code can do, by its number.

/** The first release with HTTP hooks, and the oldest one whose stream was seen to carry hooks. */
const firstWithHooks = [2, 1, 63] as const;

export interface ClaudeAbilities {
  readonly httpHooks: boolean;
  /** Hooks over the stream of a headless session. */
  readonly streamHooks: boolean;
  /** Whether a hook's command may have separate arguments, so that no shell parses them. */
  readonly commandArgs: boolean;
}

/** Takes an unknown version for a new one. */
export function claudeAbilities(version: string | undefined): ClaudeAbilities {
  const isNew = version === undefined || !isOlder(version.split(".").map(Number));
  return { httpHooks: isNew, streamHooks: isNew, commandArgs: isNew };
}

function isOlder(parts: readonly number[]): boolean {
  const place = firstWithHooks.findIndex((part, index) => part !== parts[index]);
  return place !== -1 && (parts[place] ?? 0) < (firstWithHooks[place] ?? 0);
}
