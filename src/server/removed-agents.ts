// Remembers removed agents, because a new agent may have the name of one: for as long as COMMANDS remembers the ids of their orders, which it
// would take for duplicates, and for as long as TRANSCRIPTS has entries of theirs, which are not the new agent's.
import * as v from "valibot";
import { definedOf } from "../domain/defined.ts";
import type { TraceContext } from "../domain/trace/trace-context.ts";
import { type AgentId, isAgentId } from "../domain/wire/agent-id.ts";
import { agentSubject, buckets, streams } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { openExistingBucket } from "../nats/jetstream/bucket.ts";
import { readStreamFacts, streamCreated } from "../nats/jetstream/read-stream.ts";
import { lastSequence, lastSequenceOn } from "../nats/jetstream/stream-messages.ts";

const prefix = "removed.";
/** As long as COMMANDS keeps a message, and an id. */
const keptMs = 7 * 24 * 60 * 60 * 1000;

const RemovedSchema = v.object({
  commands_seq: v.number(),
  /** The last entry of the removed agent's transcript, and when the stream was created. Notes of older versions lack both. */
  transcripts_seq: v.optional(v.number()),
  transcripts_created: v.optional(v.string()),
  at: v.string(),
});

/**
 * Call it when COMMANDS has no order of the agent any more, and the agent can report nothing any more. Also erases the notes about agents
 * that were removed long ago.
 */
export async function noteRemoval(bus: Bus, id: AgentId, now: Date): Promise<void> {
  const serve = await openExistingBucket(bus, buckets.serve);
  const agents = await openExistingBucket(bus, buckets.agents);
  const transcript = agentSubject(id, "transcript");
  const transcripts_seq = await lastSequenceOn(bus, streams.transcripts, transcript);
  const transcripts_created = await streamCreated(bus, streams.transcripts);
  const keptFrom =
    transcripts_created === undefined
      ? Number.POSITIVE_INFINITY
      : (await readStreamFacts(bus, streams.transcripts)).first_seq;
  for (const [key, { value }] of await serve.entries()) {
    const other = key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
    if (!isAgentId(other) || !v.is(RemovedSchema, value)) continue;
    if (now.getTime() - Date.parse(value.at) < keptMs) continue;
    if (keptFrom <= (value.transcripts_seq ?? 0)) continue;
    await serve.erase(key);
    // Also erase the mark of its deletion in the bucket `agents`, which every serve has seen by now.
    if ((await agents.entry(other)) === undefined) await agents.erase(other);
  }
  const commands_seq = await lastSequence(bus, streams.commands);
  await serve.put(prefix + id, {
    commands_seq,
    transcripts_seq,
    ...definedOf({ transcripts_created }),
    at: now.toISOString(),
  });
}

/** The last sequence of TRANSCRIPTS that may be an entry of a removed agent of this id; 0 if none was removed. */
export async function removedEntriesTo(bus: Bus, id: AgentId): Promise<number> {
  const value = await (await openExistingBucket(bus, buckets.serve)).get(prefix + id);
  if (!v.is(RemovedSchema, value) || value.transcripts_seq === undefined) return 0;
  // A stream that was made anew counts from 1.
  const isSame = value.transcripts_created === (await streamCreated(bus, streams.transcripts));
  return isSame ? value.transcripts_seq : 0;
}

/** Whether an agent of this id was removed in the last days. */
export async function wasRemoved(bus: Bus, id: AgentId): Promise<boolean> {
  return v.is(RemovedSchema, await (await openExistingBucket(bus, buckets.serve)).get(prefix + id));
}

/** The last sequence of COMMANDS that may be an order of a removed agent of this id; 0 if none was removed. */
async function removedUpTo(bus: Bus, id: AgentId): Promise<number> {
  const value = await (await openExistingBucket(bus, buckets.serve)).get(prefix + id);
  return v.is(RemovedSchema, value) ? value.commands_seq : 0;
}

interface StoredPlace {
  readonly id: AgentId;
  readonly subject: string;
  readonly storedAs: string;
  readonly trace?: TraceContext | undefined;
}

/**
 * Stores an order once. If an order with the same `Nats-Msg-Id` is stored, but was for a removed agent of the same name, stores this one
 * under another `Nats-Msg-Id`.
 * @param place `storedAs`: the `Nats-Msg-Id`, from `order-names.ts`
 */
export async function storeOnce(
  bus: Bus,
  { id, subject, storedAs, trace }: StoredPlace,
  order: unknown,
): Promise<{ readonly duplicate: boolean; readonly seq: number }> {
  const stored = await bus.publishStored(subject, order, { id: storedAs, trace });
  if (!stored.duplicate) return stored;
  const removed = await removedUpTo(bus, id);
  if (stored.seq > removed) return stored;
  return await bus.publishStored(subject, order, { id: `${storedAs}.after.${removed}`, trace });
}
