// Reads the recorded history with a filter. nats-server selects by subject and start; this file tests the rest.
import { type AuditFilter, auditSubjects, createAuditTest } from "../domain/audit/audit-filter.ts";
import { auditCheckpointSubject, streams } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { type Following, followStream, type StreamMessage } from "../nats/jetstream/follow.ts";
import { readStream, readStreamFacts } from "../nats/jetstream/read-stream.ts";
import { readCheckpoint } from "./chain-head.ts";
import type { ExportHeader } from "./export-file.ts";

/** The present records, oldest first; checkpoints only if the filter asks for that kind. */
export async function* readAudit(bus: Bus, filter: AuditFilter): AsyncGenerator<StreamMessage, void> {
  yield* readFrom(bus, filter, undefined);
}

/** The newest `limit` records, oldest first. Reads the stream backwards in growing steps, and holds only those records. */
export async function readNewest(bus: Bus, filter: AuditFilter, limit: number): Promise<StreamMessage[]> {
  const { last_seq } = await readStreamFacts(bus, streams.audit);
  const { sinceMs } = filter;
  const lowest = sinceMs === undefined ? 1 : ((await firstSeqSince(bus, sinceMs)) ?? last_seq + 1);
  let newest: StreamMessage[] = [];
  let before = last_seq + 1;
  for (let width = limit * 2; newest.length < limit && before > lowest; width *= 8) {
    const from = Math.max(lowest, before - width);
    const found: StreamMessage[] = [];
    for await (const message of readFrom(bus, filter, from)) {
      if (message.seq >= before) break;
      found.push(message);
      if (found.length > limit - newest.length) found.shift();
    }
    newest = [...found, ...newest];
    before = from;
  }
  return newest;
}

/** Calls `onRecord` for each record from `from` on, until it is stopped. */
export function followAudit(
  bus: Bus,
  filter: AuditFilter,
  from: number | "new",
  log: Logger,
  onRecord: (record: StreamMessage) => void,
): Following {
  const test = createAuditTest(filter);
  const subjects = auditSubjects(filter);
  const onMessage = (message: StreamMessage) => {
    if (test(message)) onRecord(message);
  };
  return followStream(bus, { stream: streams.audit, subjects, from, log, onMessage });
}

/**
 * The contents of an export: header and records. An export with a filter or a span also has all checkpoints that cover its
 * records.
 */
export async function openExport(
  bus: Bus,
  filter: AuditFilter,
  now: Date,
): Promise<{ readonly header: ExportHeader; readonly records: AsyncIterable<StreamMessage> }> {
  const { first_seq, last_seq, bytes } = await readStreamFacts(bus, streams.audit);
  const { sinceMs, untilMs, agent, kind, text } = filter;
  const isFiltered = [agent, kind, text].some((part) => part !== undefined);
  const from_seq = sinceMs === undefined ? 1 : ((await firstSeqSince(bus, sinceMs)) ?? last_seq + 1);
  const after = untilMs === undefined ? undefined : await firstSeqSince(bus, untilMs + 1);
  const to_seq = after === undefined ? last_seq : after - 1;
  const header: ExportHeader = {
    cliai_audit_export: 1,
    stream: streams.audit,
    exported_at: now.toISOString(),
    // 1 if the span covers the beginning of the stream: then verify also judges whether retention removed what came before.
    from_seq: from_seq <= first_seq ? 1 : from_seq,
    to_seq,
    stream_bytes: bytes,
    filtered: isFiltered,
  };
  return { header, records: readSpan(bus, filter, isFiltered, from_seq, to_seq) };
}

async function* readSpan(
  bus: Bus,
  filter: AuditFilter,
  isFiltered: boolean,
  from: number,
  to: number,
): AsyncGenerator<StreamMessage, void> {
  const test = createAuditTest({ ...filter, sinceMs: undefined, untilMs: undefined });
  const subjects = isFiltered ? [...new Set([...auditSubjects(filter), auditCheckpointSubject])] : undefined;
  for await (const message of readStream(bus, { stream: streams.audit, subjects, from })) {
    const isCheckpoint = message.subject === auditCheckpointSubject;
    if (message.seq <= to) {
      if (isCheckpoint || !isFiltered || test(message)) yield message;
    } else if (isCheckpoint) {
      yield message;
      if ((readCheckpoint(message.data)?.to_seq ?? 0) >= to) return;
    }
  }
}

async function firstSeqSince(bus: Bus, sinceMs: number): Promise<number | undefined> {
  for await (const { seq } of readStream(bus, { stream: streams.audit, sinceMs })) return seq;
  return undefined;
}

async function* readFrom(
  bus: Bus,
  filter: AuditFilter,
  from: number | undefined,
): AsyncGenerator<StreamMessage, void> {
  const test = createAuditTest(filter);
  const { sinceMs, untilMs = Number.POSITIVE_INFINITY } = filter;
  const start = from === undefined ? { sinceMs } : { from };
  const subjects = auditSubjects(filter);
  for await (const message of readStream(bus, { stream: streams.audit, subjects, ...start })) {
    if (Date.parse(message.at) > untilMs) return;
    if (test(message)) yield message;
  }
}
