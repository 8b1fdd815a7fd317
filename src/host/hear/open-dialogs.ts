// Keeps the dialogs that are open at the CLI's terminal, each with its tool call. No hook tells when the user answers or dismisses
// one. But the record of the session (or subagent) that asked then gets the result of the call, and the event "closed" is sent.
import type { Hook, SessionCli } from "../../domain/hook.ts";
import type { Logger } from "../../log.ts";
import type { EventSender } from "../event-sender.ts";
import { createTranscript, type TranscriptWatch, watchTranscript } from "../routes/transcript.ts";

export interface OpenDialogs {
  /** Takes a hook whose dialog the CLI's user has to answer. */
  open(hook: Hook): void;
  /** Takes any hook; the end of a tool or of a subagent ends its dialogs. */
  note(hook: Hook): void;
  /** Takes a line of the session's own record. */
  noteLine(line: unknown): void;
  /** The turn has ended, which ends the dialogs that the session itself opened. */
  turnEnded(): void;
  stop(): void;
}

export interface OpenDialogsOptions {
  readonly cli: Pick<SessionCli, "readToolResults" | "subagentRecord">;
  readonly events: Pick<EventSender, "send">;
  readonly log: Logger;
}

interface Dialog {
  readonly facts: Hook["facts"];
  /** Reads the subagent's own record; undefined for a dialog of the session itself. */
  readonly record: TranscriptWatch | undefined;
}

export function createOpenDialogs({ cli, events, log }: OpenDialogsOptions): OpenDialogs {
  const dialogs = new Map<string, Dialog>();
  const drop = (id: string) => {
    dialogs.get(id)?.record?.stop();
    dialogs.delete(id);
  };
  const dropWhere = (isOver: (facts: Hook["facts"]) => boolean) => {
    for (const [id, { facts }] of dialogs) if (isOver(facts)) drop(id);
  };
  const closeAnswered = (line: unknown, subagent: string | undefined) => {
    if (dialogs.size === 0) return;
    for (const id of cli.readToolResults?.(line) ?? []) {
      const facts = dialogs.get(id)?.facts;
      if (facts === undefined || facts.subagent !== subagent) continue;
      drop(id);
      events.send({ ...facts, kind: "notification", detail: "permission_response: closed" });
    }
  };
  const watch = (path: string, subagent: string) => {
    const onLine = (line: unknown) => closeAnswered(line, subagent);
    const record = watchTranscript(createTranscript(), { isAwaiting: () => true, onLine, log });
    void record.look(path);
    return record;
  };

  return {
    open({ facts, transcriptPath }) {
      const { tool_use_id, subagent } = facts;
      if (tool_use_id === undefined) return;
      drop(tool_use_id);
      const path = subagent === undefined ? undefined : cli.subagentRecord?.(transcriptPath, subagent);
      const record = path === undefined || subagent === undefined ? undefined : watch(path, subagent);
      dialogs.set(tool_use_id, { facts, record });
    },
    note({ facts: { kind, tool_use_id, subagent } }) {
      if (tool_use_id !== undefined && (kind === "tool_end" || kind === "tool_failed")) drop(tool_use_id);
      if (kind === "subagent_end") dropWhere((facts) => facts.subagent === subagent);
    },
    noteLine: (line) => closeAnswered(line, undefined),
    turnEnded: () => dropWhere((facts) => facts.subagent === undefined),
    stop: () => dropWhere(() => true),
  };
}
