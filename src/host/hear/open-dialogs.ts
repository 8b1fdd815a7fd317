// The dialogs that stand at the CLI's terminal, each with the tool call that it is about. No hook tells how its user leaves one;
// the record of whoever asked has the result of that call then, and the dialog's wait is told as closed.
import type { Hook, SessionCli } from "../../domain/hook.ts";
import type { Logger } from "../../log.ts";
import type { EventSender } from "../event-sender.ts";
import { createTranscript, type TranscriptWatch, watchTranscript } from "../routes/transcript.ts";

export interface OpenDialogs {
  /** A hook whose dialog is left to the CLI's user. */
  open(hook: Hook): void;
  /** A hook that may tell the end of one. */
  note(hook: Hook): void;
  /** A line of the session's own record. */
  noteLine(line: unknown): void;
  /** What the session itself asked is over with its turn. */
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
  /** Of a subagent, which has a record of its own. */
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
    record.look(path);
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
