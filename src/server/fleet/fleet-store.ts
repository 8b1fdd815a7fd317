// Stores the fleet in the bucket `agents`, and in the bucket `serve` how far the streams had been read. The leader writes;
// every other serve takes over what the leader wrote, and remembers the rest, so that it can continue.
import * as v from "valibot";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { isBehind, isHeartbeatAlone, isStoredRecord } from "../../domain/fleet/stored-record.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { type AgentId, isAgentId } from "../../domain/wire/agent-id.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openBucket } from "../../nats/jetstream/bucket.ts";
import type { Following } from "../../nats/jetstream/follow.ts";
import { type BucketChange, followBucket } from "../../nats/jetstream/follow-bucket.ts";
import { createFencedWriter } from "./fenced-writer.ts";

/**
 * From one writing to the next: four times what the last one took, within these bounds. The store is the agents', too: with
 * 1,000 of them at work and each write on the disk before the next, the records alone would take all it can.
 */
const flushGapMs = { least: 200, most: 2_000, forEachMs: 4 };
/**
 * How long a heartbeat that says nothing new waits for the next writing, for each order in its agent's record: some 500 bytes a
 * second are written so for an agent, and not all its orders every 15 s. After a crash the last sign of life may be that old.
 */
const restMs = { forEachOrder: 1_000, most: 600_000 };
const cursorKey = "cursor";

/** The last sequence of each stream whose effect is in the bucket. */
const CursorSchema = v.object({ audit_seq: v.number(), commands_seq: v.number() });
export type Cursor = Readonly<v.InferOutput<typeof CursorSchema>>;

export interface FleetStore {
  /** Reads what is stored, and follows what others write from then on. */
  load(): Promise<{ records: AgentRecord[]; cursor: Cursor }>;
  /** Starts writing. Not earlier, because a record may change many times while the streams are read. */
  startWriting(): void;
  /** Notes that a record has changed; the leader writes it at once, or 0.2 to 2 s after its last writing. */
  changed(id: AgentId): void;
  /** Writes all that is not written yet, where this serve is the leader. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export interface FleetStoreOptions {
  readonly replicas: number;
  readonly recordOf: (id: AgentId) => AgentRecord | undefined;
  readonly cursor: () => Cursor;
  readonly isLeader: () => boolean;
  /** Called with another serve's record that is at least as new as our own. */
  readonly onStored: (record: AgentRecord) => void;
  /** Called when a person has removed the agent from the bucket. */
  readonly onRemoved: (id: AgentId) => void;
  readonly log: Logger;
}

export async function openFleetStore(bus: Bus, options: FleetStoreOptions): Promise<FleetStore> {
  const { replicas, recordOf, isLeader, onStored, onRemoved, log } = options;
  const agents = await openBucket(bus, buckets.agents, { replicas });
  const serve = await openBucket(bus, buckets.serve, { replicas });
  const records = createFencedWriter(agents);
  const cursors = createFencedWriter(serve);
  const dirty = new Set<AgentId>();
  /** The agents that have a record in the bucket, current or older. */
  const kept = new Set<AgentId>();
  /** What was written last of each, and when. */
  const written = new Map<AgentId, { readonly record: AgentRecord; readonly atMs: number }>();
  /** The agents whose only unwritten change is a heartbeat. */
  const resting = new Set<AgentId>();
  let writtenCursor = "";
  let flushing: Promise<void> | undefined;
  let following: Following | undefined;

  /** Takes over another serve's record if it is at least as new as our own. Whether it did. */
  const takeStored = (id: AgentId, stored: AgentRecord) => {
    const own = recordOf(id);
    if (own !== undefined && isBehind(stored, own)) return false;
    dirty.delete(id);
    resting.delete(id);
    onStored(stored);
    return true;
  };
  const remove = (id: AgentId) => {
    dirty.delete(id);
    resting.delete(id);
    kept.delete(id);
    written.delete(id);
    onRemoved(id);
    // Write the cursor, too: a start from an older one would read the agent again.
    if (isLeader() && !isStopped) flushIn(0);
  };
  const onChange = ({ key, value, revision }: BucketChange) => {
    const isNewest = records.saw(key, revision);
    if (!isAgentId(key)) return;
    if (value === undefined) {
      if (isNewest) remove(key);
      return;
    }
    // Not a valid record: mark it changed, so that the leader overwrites it.
    const isRecord = isStoredRecord(value, key);
    // Our last write is no longer in the bucket.
    if (!isRecord || !isLeader()) written.delete(key);
    if (!isRecord) noteChange(key);
    else if (!isLeader()) takeStored(key, value);
  };
  const write = async (id: AgentId) => {
    const record = recordOf(id);
    if (record === undefined) return;
    const conflict = await records.write(id, record);
    if (conflict === undefined) {
      written.set(id, { record, atMs: performance.now() });
      return;
    }
    written.delete(id);
    if (conflict.present === undefined) return remove(id);
    if (isStoredRecord(conflict.present, id) && takeStored(id, conflict.present)) return;
    throw new Error(`another serve has written ${id}`);
  };
  const writeAll = async () => {
    // Take the cursor first: events that come while records are written are read again after a crash, and change nothing.
    const cursor = JSON.stringify(options.cursor());
    const ids = [...dirty];
    dirty.clear();
    try {
      await Promise.all(ids.map(write));
      for (const id of ids) kept.add(id);
      if (cursor === writtenCursor) return;
      if (await cursors.write(cursorKey, JSON.parse(cursor))) throw new Error("another serve has gone on");
      writtenCursor = cursor;
    } catch (error) {
      for (const id of ids) dirty.add(id);
      log.debug(`the fleet is not written yet: ${messageOf(error)}`);
    }
  };
  const flush = async () => {
    await flushing;
    if (!isLeader()) return;
    flushing = writeAll().finally(() => {
      flushing = undefined;
    });
    await flushing;
  };
  let timer: NodeJS.Timeout | undefined;
  let nextFlushAt = Number.NEGATIVE_INFINITY;
  let isStopped = false;
  let isWriting = false;
  const flushIn = (delayMs: number) => {
    if (!isWriting) return;
    clearTimeout(timer);
    timer = setTimeout(
      async () => {
        timer = undefined;
        const startedAt = performance.now();
        nextFlushAt = startedAt + flushGapMs.least;
        if (bus.isConnected()) await flush();
        nextFlushAt = performance.now() + gapAfter(performance.now() - startedAt);
        if (dirty.size > 0 && timer === undefined && !isStopped) flushIn(nextFlushAt - performance.now());
      },
      Math.max(0, delayMs),
    );
  };

  const isHeldBack = (id: AgentId) => {
    const [last, record] = [written.get(id), recordOf(id)];
    if (last === undefined || record === undefined || dirty.has(id)) return false;
    const waitMs = Math.min(restMs.forEachOrder * record.commands.length, restMs.most);
    return performance.now() - last.atMs < waitMs && isHeartbeatAlone(last.record, record);
  };
  const noteChange = (id: AgentId) => {
    if (!isStopped && isHeldBack(id)) {
      resting.add(id);
      return;
    }
    resting.delete(id);
    dirty.add(id);
    if (isStopped) return;
    // A new agent is written at once, so that a client's command finds every agent that the API shows.
    if (!kept.has(id)) flushIn(0);
    else if (timer === undefined) flushIn(nextFlushAt - performance.now());
  };

  return {
    async load() {
      const [entries, cursor] = await Promise.all([agents.entries(), serve.entry(cursorKey)]);
      const stored: AgentRecord[] = [];
      let last = 0;
      for (const [key, { value, revision }] of entries) {
        records.saw(key, revision);
        last = Math.max(last, revision);
        if (!isAgentId(key)) continue;
        if (!isStoredRecord(value, key)) {
          log.warn(`what is kept of ${key} is no record of it: it is begun anew`);
          continue;
        }
        stored.push(value);
        kept.add(key);
      }
      if (cursor !== undefined) cursors.saw(cursorKey, cursor.revision);
      following = followBucket(bus, { bucket: buckets.agents, from: last + 1, log, onChange });
      const nothingRead: Cursor = { audit_seq: 0, commands_seq: 0 };
      return { records: stored, cursor: v.is(CursorSchema, cursor?.value) ? cursor.value : nothingRead };
    },
    startWriting: () => {
      isWriting = true;
      flushIn(0);
    },
    changed: noteChange,
    flush,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      for (const id of resting) dirty.add(id);
      await following?.stop();
      if (bus.isConnected()) await flush();
    },
  };
}

function gapAfter(tookMs: number): number {
  return Math.min(flushGapMs.most, Math.max(flushGapMs.least, flushGapMs.forEachMs * tookMs));
}
