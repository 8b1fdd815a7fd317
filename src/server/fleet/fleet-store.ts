// Stores the fleet in the bucket `agents`, and in the bucket `serve` how far the streams had been read. Only the leader writes. The other
// serves take over what it wrote, and remember what it has not written yet, so that each of them can become the leader.
import * as v from "valibot";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { isBehind, isStoredRecord } from "../../domain/fleet/stored-record.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { type AgentId, isAgentId } from "../../domain/wire/agent-id.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { type BucketEntry, openBucket } from "../../nats/jetstream/bucket.ts";
import type { Following } from "../../nats/jetstream/follow.ts";
import { type BucketChange, followBucket } from "../../nats/jetstream/follow-bucket.ts";
import { type Conflict, createFencedWriter, type FencedWriter } from "./fenced-writer.ts";
import { createUnwrittenRecords } from "./unwritten-records.ts";
import { createWritingTimes } from "./writing-times.ts";

const cursorKey = "cursor";

/** The last sequence of each stream whose effect on the records is in the bucket. */
const CursorSchema = v.object({ audit_seq: v.number(), commands_seq: v.number() });
export type Cursor = Readonly<v.InferOutput<typeof CursorSchema>>;
const nothingRead: Cursor = { audit_seq: 0, commands_seq: 0 };

export interface FleetStore {
  /** Reads the stored records and cursor. From then on follows what other serves write. */
  load(): Promise<{ records: AgentRecord[]; cursor: Cursor }>;
  /**
   * Begins to write. Not earlier, because a record may change many times while the streams are being read.
   * @param cursor returns how far the streams have been read
   */
  startWriting(cursor: () => Cursor): void;
  /** Notes that a record has changed. The leader writes it at once, or 0.2 to 2 s after it has last written. */
  changed(id: AgentId): void;
  /** Whether the agent's record in the bucket includes its orders up to this sequence of COMMANDS. */
  hasOrder(id: AgentId, seq: number): boolean;
  /** Writes all changed records, if this serve is the leader. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export interface FleetStoreOptions {
  readonly replicas: number;
  readonly recordOf: (id: AgentId) => AgentRecord | undefined;
  readonly isLeader: () => boolean;
  /** Called with another serve's record that is at least as new as our own. */
  readonly onStored: (record: AgentRecord) => void;
  /** Called when a person has removed the agent from the bucket. */
  readonly onRemoved: (id: AgentId) => void;
  readonly log: Logger;
}

export async function openFleetStore(bus: Bus, options: FleetStoreOptions): Promise<FleetStore> {
  const { replicas, recordOf, isLeader, onStored, onRemoved, log } = options;
  const agents = await openBucket(bus, buckets.agents, { replicas, together: true });
  const serve = await openBucket(bus, buckets.serve, { replicas });
  const records = createFencedWriter(agents);
  const unwritten = createUnwrittenRecords(recordOf);
  const cursors = createCursorWriter(createFencedWriter(serve));
  let cursorOf: (() => Cursor) | undefined;
  let flushing: Promise<number> | undefined;
  let following: Following | undefined;
  /** Takes over another serve's record if it is at least as new as our own. Returns whether it did. */
  const takeStored = (id: AgentId, stored: AgentRecord) => {
    const own = recordOf(id);
    if (own !== undefined && isBehind(stored, own)) return false;
    unwritten.settle(stored);
    onStored(stored);
    if (recordOf(id) !== stored) noteChange(id); // the bucket lacks what our own record has kept
    return true;
  };
  /** Returns false if the bucket has another record than ours, after which ours has to be written again. */
  const settle = (record: AgentRecord, conflict: Conflict | undefined): boolean => {
    const id = record.agent_id;
    if (conflict === undefined) unwritten.wrote(id, record);
    else unwritten.noteOverwritten(id);
    if (conflict?.present !== undefined)
      return isStoredRecord(conflict.present, id) && takeStored(id, conflict.present);
    if (conflict !== undefined) remove(id);
    return true;
  };
  /** Returns how many records it has tried to write. */
  const writeAll = async (cursor: Cursor) => {
    const ids = unwritten.take();
    try {
      await writeRecords(records, ids.map(recordOf), settle);
      await cursors.write(cursor);
    } catch (error) {
      unwritten.giveBack(ids);
      log.debug(`the fleet is not written yet: ${messageOf(error)}`);
    }
    return ids.length;
  };
  const flush = async () => {
    await flushing;
    if (!isLeader() || cursorOf === undefined || !bus.isConnected()) return 0;
    // Take the cursor first. After a crash, events that came while the records were written are read again, and change nothing.
    flushing = writeAll(cursorOf()).finally(() => {
      flushing = undefined;
    });
    return await flushing;
  };
  const times = createWritingTimes(flush, () => unwritten.count() > 0);
  const noteChange = (id: AgentId) => {
    const how = unwritten.note(id);
    // A new agent is written at once, so that a client's command finds every agent that the API shows.
    if (how === "new") times.atOnce();
    if (how === "changed") times.soon();
  };
  const remove = (id: AgentId) => {
    unwritten.forget(id);
    onRemoved(id);
    // Write the cursor too, because a start with an older cursor would read the agent's events again.
    if (isLeader()) times.atOnce();
  };
  /** Takes a value that was written to the bucket. The leader overwrites a value that it did not write; the others take over its record. */
  const takeValue = (id: AgentId, value: unknown) => {
    const isRecord = isStoredRecord(value, id);
    if (!isRecord || !isLeader()) unwritten.noteOverwritten(id);
    if (!isRecord) noteChange(id);
    else if (!isLeader()) takeStored(id, value);
  };
  const onChange = ({ key, value, revision }: BucketChange) => {
    const isNewest = records.saw(key, revision);
    if (isAgentId(key) && value !== undefined) takeValue(key, value);
    else if (isAgentId(key) && isNewest) remove(key);
  };

  return {
    async load() {
      const [entries, cursor] = await Promise.all([agents.entries(), serve.entry(cursorKey)]);
      for (const [key, { revision }] of entries) records.saw(key, revision);
      const kept = readRecords(entries, log);
      for (const record of kept) unwritten.noteStored(record);
      following = followBucket(bus, { bucket: buckets.agents, from: nextRevision(entries), log, onChange });
      return { records: kept, cursor: cursors.read(cursor) };
    },
    startWriting(cursor) {
      cursorOf = cursor;
      times.start();
    },
    changed: noteChange,
    hasOrder: unwritten.hasOrder,
    flush: async () => void (await flush()),
    async stop() {
      times.stop();
      await following?.stop();
      unwritten.wakeAll();
      await flush();
    },
  };
}

/** @throws Error if the bucket has another record than ours of one of the agents */
async function writeRecords(
  writer: FencedWriter,
  records: readonly (AgentRecord | undefined)[],
  settle: (record: AgentRecord, conflict: Conflict | undefined) => boolean,
): Promise<void> {
  const present = records.filter((record) => record !== undefined);
  const conflicts = await writer.writeAll(present.map((record) => [record.agent_id, record]));
  const lost = present.filter((record, n) => !settle(record, conflicts[n]));
  if (lost.length > 0) throw new Error(`another serve has written ${lost[0]?.agent_id}`);
}

function nextRevision(entries: ReadonlyMap<string, BucketEntry>): number {
  let last = 0;
  for (const { revision } of entries.values()) last = Math.max(last, revision);
  return last + 1;
}

/** The valid records among the entries of the bucket. An agent without a valid record gets a new one. */
function readRecords(entries: ReadonlyMap<string, BucketEntry>, log: Logger): AgentRecord[] {
  const kept: AgentRecord[] = [];
  for (const [key, { value }] of entries) {
    if (!isAgentId(key)) continue;
    if (isStoredRecord(value, key)) kept.push(value);
    else log.warn(`the stored value of ${key} is not a record of this agent, so the agent gets a new record`);
  }
  return kept;
}

/** Reads the cursor, and writes it only if it has changed. */
function createCursorWriter(writer: FencedWriter) {
  let written = "";
  return {
    read(entry: BucketEntry | undefined): Cursor {
      if (entry !== undefined) writer.saw(cursorKey, entry.revision);
      return v.is(CursorSchema, entry?.value) ? entry.value : nothingRead;
    },
    async write(cursor: Cursor): Promise<void> {
      const text = JSON.stringify(cursor);
      if (text === written) return;
      if (await writer.write(cursorKey, cursor)) throw new Error("another serve has written the cursor");
      written = text;
    },
  };
}
