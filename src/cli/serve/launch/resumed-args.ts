// Says how an agent that has ended is launched again: in its session, if that has a conversation, and with the words to go on with. Pure.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { failedWithSession, isHad } from "../../../domain/fleet/run-end.ts";
import { hasConversation, isTurnOpen, type SessionEvidence } from "../../../domain/fleet/session-evidence.ts";
import { goOnWords } from "../../../domain/go-on-words.ts";
import type { CommandRecord } from "../../../domain/receipts.ts";

/** What to tell an agent whose turn was cut off; undefined if all its tasks have ended, so that it has nothing to go on with. */
function wordsFor(commands: readonly CommandRecord[], sessionId: string): string | undefined {
  const failed = commands.filter((command) => failedWithSession(command, sessionId));
  if (failed.length === 0) return goOnWords;
  if (!hasOpenTask(commands, sessionId)) return undefined;
  const ids = failed.map(({ command_id }) => command_id).join(", ");
  return `${goOnWords} But do not go on with ${ids}: that has ended as failed in the meantime.`;
}

export interface ResumedArgs {
  /** More flags for `spawn`. */
  readonly more: readonly string[];
  /** The session to resume. */
  readonly resumes?: string;
}

/** The flags by which `spawn` resumes a session. Empty if there was no prompt yet, because then the CLI has stored no session. */
export function resumedArgs(view: AgentView | undefined, session_id: string): ResumedArgs {
  const { session, commands = [] } = view ?? {};
  if (session === undefined || !hasConversation(session)) return { more: [] };
  // A run that was resumed, but ended before it was told to go on, has shown no turn. Its session still has the earlier run's tasks.
  const text =
    wasCutOff(session) || hasOpenTask(commands, session_id) ? wordsFor(commands, session_id) : undefined;
  // These words are its first task, so that it goes on with the earlier work before it takes new orders.
  const goOnArgs = text === undefined ? [] : [`--task=${text}`];
  return { resumes: session_id, more: [`--resume=${session_id}`, ...goOnArgs] };
}

/** Whether the session has begun a task that is not over. A message does not count: its agent need not end it, so it may stay `seen` for ever. */
function hasOpenTask(commands: readonly CommandRecord[], sessionId: string): boolean {
  return commands.some(
    (command) => command.type === "task" && isHad(command) && command.taken_by?.session_id === sessionId,
  );
}

/** Whether the session ended in the middle of a turn, including a session whose end was never reported. */
function wasCutOff(session: SessionEvidence): boolean {
  const { turn, ended } = session;
  return isTurnOpen(session) || (ended !== undefined && turn?.ended_at === ended.at);
}
