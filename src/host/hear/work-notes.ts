// Notes what a hook shows of the session's work: whether a turn runs, what runs in the background, and what belongs into its transcript.
import type { BackgroundTask, Hook } from "../../domain/hook.ts";
import type { EventSender } from "../event-sender.ts";
import type { SessionTranscript } from "../transcript/session-transcript.ts";
import type { Background } from "./background.ts";
import type { OpenDialogs } from "./open-dialogs.ts";
import type { Turn } from "./turn.ts";
import type { TurnEnds } from "./turn-ends.ts";

export interface WorkNotesOptions {
  readonly turn: Pick<Turn, "offerPrompt" | "begin">;
  readonly background: Background;
  readonly turnEnds: Pick<TurnEnds, "noteWork">;
  readonly dialogs: Pick<OpenDialogs, "note">;
  readonly events: Pick<EventSender, "send">;
  readonly published: Pick<SessionTranscript, "noteHook">;
  /** Whether the session is headless. Then a prompt is sent when its hook comes. On a terminal it may still wait for the end of a turn. */
  readonly hasStream: boolean;
  readonly now: () => Date;
}

/** The kinds of a subagent's hooks that come only while it works, never after its end. */
const workKinds: ReadonlySet<string> = new Set(["subagent_start", "tool_start", "permission", "question"]);

export function createWorkNotes(options: WorkNotesOptions): (hook: Hook) => void {
  const { turn, background, turnEnds, dialogs, events, hasStream, now } = options;
  const noteBackground = (running: readonly BackgroundTask[]) => {
    const isGone = (task: BackgroundTask) => !running.some(({ id }) => id === task.id);
    for (const { id, type } of background.running().filter(isGone)) {
      if (type !== "subagent") continue;
      events.send({ kind: "subagent_end", subagent: id, detail: "ended by its user" });
      dialogs.note({ facts: { kind: "subagent_end", subagent: id }, isSubagent: true });
    }
    background.set(running);
  };
  return (hook: Hook) => {
    const { facts, promptId, isSubagent, background: running } = hook;
    const { kind, subagent, detail } = facts;
    options.published.noteHook(hook);
    const atMs = now().getTime();
    if (subagent !== undefined && kind === "subagent_end") background.end(subagent);
    else if (subagent !== undefined && workKinds.has(kind)) {
      const description = kind === "subagent_start" ? detail : undefined;
      background.begin({ id: subagent, type: "subagent", description });
    }
    if (isSubagent) return;
    if (running !== undefined) noteBackground(running);
    if (kind === "prompt") turn.offerPrompt(atMs, hasStream, promptId);
    else if (kind === "tool_start") {
      turn.begin(atMs, promptId);
      turnEnds.noteWork();
    } else return;
    background.noteTurn();
  };
}
