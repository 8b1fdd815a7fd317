// Finds messages that an agent's record lacks although the streams were read past them. This happens if the stored record is missing, or
// older than the cursor (after a damaged block, a power cut or a downgrade). Those messages are read again; messages that a record
// includes already change nothing.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { everySubjectOf, parseAgentSubject, streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import type { StreamMessage } from "../../nats/jetstream/follow.ts";
import { type ReadOptions, readStream } from "../../nats/jetstream/read-stream.ts";

type RecordOf = (id: AgentId) => AgentRecord | undefined;

/** If more agents than this lack reports, all reports are read at once, and not those of each agent alone. */
const mostReadAlone = 20;
const lastOfAgents = { subjects: ["agent.>"], lastOfEach: true } as const;

/** The sequence from which COMMANDS must be read so that no order is missed: `next`, or an earlier one. */
export async function firstMissedOrder(bus: Bus, recordOf: RecordOf, next: number): Promise<number> {
  let first = next;
  for await (const { subject, seq } of readStream(bus, { stream: streams.commands, ...lastOfAgents })) {
    const id = parseAgentSubject(subject)?.id;
    const taken = id === undefined ? 0 : (recordOf(id)?.commands_seq ?? 0);
    if (seq > taken) first = Math.min(first, taken + 1);
  }
  return first;
}

/** Yields the reports in AUDIT before the sequence `next` that the agents' records lack, in order for each agent. */
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
  for (const reading of readingsOf(behind, recordOf)) {
    for await (const message of readStream(bus, { stream: streams.audit, ...reading })) {
      if (message.seq >= next) break;
      const parsed = parseAgentSubject(message.subject);
      if (parsed !== undefined && behind.has(parsed.id) && isReport(parsed.topic)) yield message;
    }
  }
}

/** One reading for each agent. For many agents a single reading of everything, because each reading costs some milliseconds. */
function readingsOf(behind: ReadonlySet<AgentId>, recordOf: RecordOf): Omit<ReadOptions, "stream">[] {
  const records = [...behind].flatMap((id) => recordOf(id) ?? []);
  if (records.length > mostReadAlone) {
    const from = Math.min(...records.map(({ audit_seq }) => audit_seq)) + 1;
    return [{ subjects: ["agent.>"], from }];
  }
  return records.map((record) => ({
    subjects: [everySubjectOf(record.agent_id)],
    ...(record.audit_seq === 0 ? { sinceMs: beganMs(record) } : { from: record.audit_seq + 1 }),
  }));
}

/** Whether a report is from an agent of this id that was removed since: the present record includes no report yet, and is newer. */
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
