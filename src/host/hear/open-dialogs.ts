// Keeps the dialogs that are open at the CLI's terminal, each with its tool call. No hook tells when the user answers or dismisses
// one. But the CLI's telemetry tells the answer, and the record of the session or subagent has the result of the call once it has run. Then
// the event `permission_response` is sent.

import type { SessionCli } from "../../agents/session-cli.ts";
import type { Hook, ToolDecision } from "../../domain/hook.ts";
import type { Logger } from "../../log.ts";
import type { EventSender } from "../event-sender.ts";
import { createTranscript, type TranscriptWatch, watchTranscript } from "../routes/transcript.ts";

export interface OpenDialogs {
  /** Takes a hook whose dialog the CLI's user has to answer. The signal aborts when the dialog is closed. */
  open(hook: Hook): AbortSignal;
  /** The call was allowed or refused, so its dialog is closed. */
  decided(decision: ToolDecision): void;
  /** Forgets a dialog that was decided or dismissed. The caller sends the event, and the signal does not abort. */
  settle(hook: Hook): void;
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
  readonly over: AbortController;
}

export function createOpenDialogs({ cli, events, log }: OpenDialogsOptions): OpenDialogs {
  const dialogs = new Map<string, Dialog>();
  const forget = (id: string) => {
    dialogs.get(id)?.record?.stop();
    dialogs.delete(id);
  };
  const drop = (id: string) => {
    const dialog = dialogs.get(id);
    forget(id);
    dialog?.over.abort();
  };
  const close = (id: string, how: "closed" | "allow" | "deny") => {
    const facts = dialogs.get(id)?.facts;
    if (facts === undefined) return;
    drop(id);
    events.send({ ...facts, kind: "notification", detail: `permission_response: ${how}` });
  };
  const dropWhere = (isOver: (facts: Hook["facts"]) => boolean) => {
    for (const [id, { facts }] of dialogs) if (isOver(facts)) drop(id);
  };
  const closeAnswered = (line: unknown, subagent: string | undefined) => {
    if (dialogs.size === 0) return;
    for (const id of cli.readToolResults?.(line) ?? []) {
      if (dialogs.get(id)?.facts.subagent === subagent) close(id, "closed");
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
      const over = new AbortController();
      if (tool_use_id === undefined) return over.signal;
      drop(tool_use_id);
      const path = subagent === undefined ? undefined : cli.subagentRecord?.(transcriptPath, subagent);
      const record = path === undefined || subagent === undefined ? undefined : watch(path, subagent);
      dialogs.set(tool_use_id, { facts, record, over });
      return over.signal;
    },
    decided: ({ toolUseId, isAllowed }) => close(toolUseId, isAllowed ? "allow" : "deny"),
    settle({ facts: { tool_use_id } }) {
      // Do not abort the signal, because a pause may still hold the answer.
      if (tool_use_id !== undefined) forget(tool_use_id);
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
