// What an agent's record has not taken in although the cursor is past it: the record that is kept is older than the cursor, as
// after a damaged block, a power cut or a downgrade, or there is none. It is read again; what a record has, it takes in once.
import type { AgentId } from "../domain/agent-id.ts";
import type { AgentRecord } from "../domain/agent-record.ts";
import { everySubjectOf, parseAgentSubject, streams } from "../domain/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import type { StreamMessage } from "../nats/follow.ts";
import { readStream } from "../nats/read-stream.ts";

type RecordOf = (id: AgentId) => AgentRecord | undefined;

const lastOfAgents = { subjects: ["agent.>"], lastOfEach: true } as const;

/** From where stream COMMANDS is to be read, so that nothing that is in it stays unseen: `next`, or before it. */
export async function firstMissedOrder(bus: Bus, recordOf: RecordOf, next: number): Promise<number> {
  let first = next;
  for await (const { subject, seq } of readStream(bus, { stream: streams.commands, ...lastOfAgents })) {
    const id = parseAgentSubject(subject)?.id;
    const taken = id === undefined ? 0 : (recordOf(id)?.commands_seq ?? 0);
    if (seq > taken) first = Math.min(first, taken + 1);
  }
  return first;
}

/** What agents have reported in stream AUDIT before the sequence `next`, and their records lack; of each agent in order. */
export async function* readMissedReports(
  bus: Bus,
  recordOf: RecordOf,
  next: number,
): AsyncGenerator<StreamMessage, void> {
  const behind = new Set<AgentId>();
  for await (const message of readStream(bus, { stream: streams.audit, ...lastOfAgents })) {
    const parsed = parseAgentSubject(message.subject);
    if (parsed === undefined || !isReport(parsed.topic)) continue;
    const record = recordOf(parsed.id);
    if (record === undefined || record.audit_seq + 1 >= next || message.seq <= record.audit_seq) continue;
    if (isOfEarlierLife(record, message.at)) continue;
    behind.add(parsed.id);
  }
  for (const id of behind) {
    const record = recordOf(id);
    if (record === undefined) continue;
    const start = record.audit_seq === 0 ? { sinceMs: beganMs(record) } : { from: record.audit_seq + 1 };
    for await (const message of readStream(bus, {
      stream: streams.audit,
      subjects: [everySubjectOf(id)],
      ...start,
    })) {
      if (message.seq >= next) break;
      const topic = parseAgentSubject(message.subject)?.topic;
      if (topic !== undefined && isReport(topic)) yield message;
    }
  }
}

/** Whether a report is of an agent of this id that was removed since: its successor's record has taken in none yet. */
export function isOfEarlierLife(record: AgentRecord, at: string): boolean {
  return record.audit_seq === 0 && Date.parse(at) < beganMs(record);
}

function beganMs({ first_seen, commands }: AgentRecord): number {
  const times = [first_seen, ...commands.map(({ issued_at }) => issued_at)];
  return Math.min(...times.map((time) => Date.parse(time)));
}

function isReport(topic: string): boolean {
  return topic === "status" || topic === "event" || topic === "receipt";
}
