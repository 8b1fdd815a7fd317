// What cliai can do with Claude Code's sessions, as measured with 2.1.330; and which hooks a release of Claude Code has.
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
    usage: yes("its telemetry, unless its user sends that elsewhere"),
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
    usage: yes("the tokens of each answer of its model; the cost with the result of the turn"),
    shared: no("it has no terminal"),
  },
};

/** The first release with HTTP hooks, and the oldest one whose stream was seen to carry hooks. */
const firstWithHooks = [2, 1, 63] as const;
/** The oldest release whose terminal was seen to show a dialog while its hook waits for the answer. */
const firstWithDialogBesideHook = [2, 1, 330] as const;

export interface ClaudeAbilities {
  readonly httpHooks: boolean;
  /** Hooks over the stream of a headless session. */
  readonly streamHooks: boolean;
  /** Whether a hook's command may have separate arguments, so that no shell parses them. */
  readonly commandArgs: boolean;
}

/** Treats an unknown version as a new one. */
export function claudeAbilities(version: string | undefined): ClaudeAbilities {
  const isNew = version === undefined || !isOlder(version, firstWithHooks);
  return { httpHooks: isNew, streamHooks: isNew, commandArgs: isNew };
}

/**
 * Whether the terminal shows the dialog while the hook waits for its answer. Treats an unknown version as an old one: if it showed no dialog,
 * the person at the terminal could not answer while the hook waits.
 */
export function showsDialogBesideHook(version: string | undefined): boolean {
  return version !== undefined && !isOlder(version, firstWithDialogBesideHook);
}

function isOlder(version: string, first: readonly number[]): boolean {
  const parts = version.split(".").map((part) => Number.parseInt(part, 10));
  const place = first.findIndex((part, index) => part !== parts[index]);
  return place !== -1 && (parts[place] ?? 0) < (first[place] ?? 0);
}
