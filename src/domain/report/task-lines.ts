// The tasks that agents were given in a time, or had open in it, with their ends.
import { definedOf } from "../defined.ts";
import type { AgentView } from "../fleet/agent-view.ts";
import { type AnyRecord, fieldsOf } from "../history/record-line.ts";
import { type CommandRecord, isFinal } from "../receipts.ts";
import { commandText } from "../text/order-text.ts";
import { summaryOf } from "../text/summary.ts";
import { type ReceiptState, receiptStates } from "../wire/messages.ts";
import type { Command } from "../wire/order-messages.ts";
import { parseAgentSubject } from "../wire/subjects.ts";
import { launchEvidence, orderEvidence, recordEvidence } from "./evidence.ts";
import type { ReportFacts, TaskLine } from "./report-lines.ts";

/** Oldest first. */
export function taskLines({
  records,
  views,
  sinceMs,
}: Pick<ReportFacts, "records" | "views" | "sinceMs">): TaskLine[] {
  const lines = new Map<string, TaskLine>();
  const known = new Set<string>(views.map(({ agent_id }) => agent_id));
  for (const view of views) {
    const launched = launchLine(view, sinceMs);
    if (launched !== undefined) lines.set(`${view.agent_id} launch`, launched);
    for (const command of view.commands) {
      if (command.type === "task" && command.stream_seq > 0 && isOfTime(command, sinceMs))
        lines.set(`${view.agent_id} ${command.command_id}`, lineOfCommand(view.agent_id, command));
    }
  }
  for (const record of records) {
    const { id, topic } = parseAgentSubject(record.subject) ?? {};
    if (id === undefined) continue;
    const fields = fieldsOf(record);
    const commandId = typeof fields.command_id === "string" ? fields.command_id : `COMMANDS-${record.seq}`;
    const key = `${id} ${commandId}`;
    const line = lines.get(key);
    if (topic === "command" && fields.type === "task") {
      const { seq } = record;
      if (line !== undefined) lines.set(key, { ...line, seq });
      else lines.set(key, lineOfRecord(id, commandId, record, known.has(id)));
    } else if (topic === "receipt" && line !== undefined) lines.set(key, withReceipt(line, record));
  }
  return [...lines.values()].sort((one, other) => (one.at < other.at ? -1 : 1));
}

function isOfTime({ issued_at, receipts }: CommandRecord, sinceMs: number): boolean {
  const last = receipts.at(-1);
  if (last === undefined || !isFinal(last.state)) return true;
  return Math.max(Date.parse(last.at), Date.parse(issued_at)) >= sinceMs;
}

function lineOfCommand(
  agent_id: string,
  { command_id, from, summary, issued_at, receipts }: CommandRecord,
): TaskLine {
  const last = receipts.at(-1);
  const isOver = last !== undefined && isFinal(last.state);
  return {
    ...{ agent_id, at: issued_at, text: summary, from, state: last?.state ?? "stored" },
    ...(isOver ? definedOf({ ended_at: last.at, detail: last.detail }) : {}),
    ...orderEvidence(agent_id, command_id),
  };
}

/** An order that its agent's record has no more. @param isKnown whether the agent has a page */
function lineOfRecord(agent_id: string, command_id: string, record: AnyRecord, isKnown: boolean): TaskLine {
  const { from } = fieldsOf(record);
  const evidence = recordEvidence(record);
  return {
    ...{ agent_id, at: record.at, text: summaryOf(commandText(record.message as Command)), state: "stored" },
    ...(typeof from === "string" ? { from } : {}),
    ...(isKnown
      ? { ...orderEvidence(agent_id, command_id), href: evidence.href }
      : { command_id, href: evidence.href }),
    seq: record.seq,
  };
}

function withReceipt(line: TaskLine, record: AnyRecord): TaskLine {
  const { state, detail } = fieldsOf(record);
  // What the agent's record says is whole already; and the first end counts.
  if (line.ended_at !== undefined || !isReceiptState(state)) return line;
  const isOver = isFinal(state);
  return {
    ...line,
    state,
    ...(isOver
      ? definedOf({ ended_at: record.at, detail: typeof detail === "string" ? detail : undefined })
      : {}),
  };
}

function isReceiptState(word: unknown): word is ReceiptState {
  return receiptStates.some((state) => state === word);
}

/** The task with which the agent was launched: it has no receipts, so its agent's status says how it goes. */
function launchLine(
  { agent_id, launch_task, status, said, axes }: AgentView,
  sinceMs: number,
): TaskLine | undefined {
  if (launch_task === undefined) return undefined;
  const last = axes.activity.at ?? said?.at ?? launch_task.at;
  if (Math.max(Date.parse(launch_task.at), Date.parse(last)) < sinceMs) return undefined;
  return {
    ...{ agent_id, at: launch_task.at, text: launch_task.text, state: "launched", detail: `now ${status}` },
    ...launchEvidence(agent_id),
  };
}
