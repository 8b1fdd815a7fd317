// What the host needs to know about the CLI of its session, for one launch. Adds what the launch knows and the CLI's hooks do not tell.

import type { SessionCli } from "../../../agents/session-cli.ts";
import type { SessionMode } from "../../../domain/abilities.ts";
import type { Hook } from "../../../domain/hook.ts";
import type { Environment } from "../../../runtime.ts";

export interface SessionLaunch {
  /** The environment of the CLI. */
  readonly env: Environment;
  /** The instructions of the agent's role and of its profile. */
  readonly instructions: string;
  readonly mode: SessionMode;
}

/** @returns the session, with the path of the record in each hook, and the instructions in the answer to the hook for its start, if it needs that */
export function launchedSession(session: SessionCli, { env, instructions, mode }: SessionLaunch): SessionCli {
  const { hooks, recordPath, isInstructedAtStart } = session;
  if (hooks === undefined || mode === "headless") return session;
  const pathOf = ({ transcriptPath, facts: { session_id } }: Hook) =>
    transcriptPath ?? (session_id === undefined ? undefined : recordPath?.(session_id, env));
  const isInstructed = isInstructedAtStart === true && instructions !== "";
  return {
    ...session,
    hooks: {
      read(payload) {
        const hook = hooks.read(payload);
        return hook && { ...hook, transcriptPath: pathOf(hook) };
      },
      buildAnswer: (hook, answer) =>
        isInstructed && hook.facts.kind === "session_start" && answer.type === "go"
          ? hooks.buildAnswer(hook, { type: "add", text: instructions })
          : hooks.buildAnswer(hook, answer),
    },
  };
}
