// What Claude Code can do: what cliai can do with its sessions, as measured with 2.1.330; and which hooks a release has, by its number.
import { type ModeAbilities, no, yes } from "../../domain/abilities.ts";

const both = {
  stop_in_tool: yes("the process and all that it has started are ended"),
  cost: yes("its own estimate"),
  resume: yes("--resume"),
} as const;

export const claudeModes: ModeAbilities = {
  terminal: {
    ...both,
    task: yes("typed at its empty prompt, or by its messaging socket"),
    steer: yes("by its messaging socket, or with the answer to its next hook"),
    pause: yes("the hook before each tool, unless the user's settings turn hooks off"),
    permission: yes('with "permissions": "inbox"'),
    question: yes('with "permissions": "inbox"'),
    seen: yes("its record of the conversation, and a request to the model after it"),
    usage: yes("its telemetry, unless its environment sends that elsewhere"),
    shared: yes("its user types at the terminal, and cliai hands over orders beside that"),
  },
  headless: {
    ...both,
    task: yes("a message on its stream"),
    steer: yes("a message on its stream"),
    pause: yes("the hook before each tool, over its stream"),
    permission: yes('over its stream, with "permissions": "inbox"'),
    question: yes('over its stream, with "permissions": "inbox"'),
    seen: yes("its stream shows the message, and a request to the model after it"),
    usage: yes("the results on its stream"),
    shared: no("it has no terminal"),
  },
};

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
