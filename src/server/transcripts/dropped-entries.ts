// What of the transcripts was dropped: for want of room it is noted in the bucket `serve`; by age and by number the stream itself drops the oldest,
// which its limits tell.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { type AgentId, AgentIdSchema, isAgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject, buckets, streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { openExistingBucket } from "../../nats/jetstream/bucket.ts";
import { readStream, streamCreated } from "../../nats/jetstream/read-stream.ts";
import { subjectCounts } from "../../nats/jetstream/stream-messages.ts";
import { readStreamRoom } from "../../nats/jetstream/stream-sizes.ts";
import { removedEntriesTo } from "../removed-agents.ts";

const prefix = "transcript-dropped.";

const NoteSchema = v.object({
  agent_id: AgentIdSchema,
  /** How much was dropped in all. */
  bytes: v.number(),
  /** When some were dropped for the first and for the last time, RFC 3339. */
  first_at: v.string(),
  last_at: v.string(),
  /** The sequence from which on entries were kept at the last time. */
  kept_from: v.number(),
  /** Of the stream: one that was made anew counts from 1. */
  stream_created: v.optional(v.string()),
});

/** What was dropped of an agent's transcript for want of room: always its oldest entries. */
export type DroppedForRoom = Pick<
  v.InferOutput<typeof NoteSchema>,
  "agent_id" | "bytes" | "first_at" | "last_at"
>;

/** What is kept of an agent's transcript, and what is not. */
export interface KeptEntries {
  /** When the oldest entry was stored, RFC 3339; absent if none is kept. */
  readonly oldest_at?: string;
  /** Entries that are older are deleted; absent if age does not matter. */
  readonly max_age_s?: number;
  /** So many entries of an agent are kept. Absent if there are fewer, so that none was deleted for their number. */
  readonly full_at?: number;
  readonly dropped?: DroppedForRoom;
}

/** Call it when the oldest entries of the agent have been dropped. @param keptFrom the sequence of the first that is kept */
export async function noteDropped(
  bus: Bus,
  { agent, bytes, keptFrom }: { readonly agent: AgentId; readonly bytes: number; readonly keptFrom: number },
  now: Date,
): Promise<void> {
  const before = await readNote(bus, agent);
  const at = now.toISOString();
  const bucket = await openExistingBucket(bus, buckets.serve);
  await bucket.put(prefix + agent, {
    agent_id: agent,
    bytes: (before?.bytes ?? 0) + bytes,
    ...{ first_at: before?.first_at ?? at, last_at: at, kept_from: keptFrom },
    ...definedOf({ stream_created: await streamCreated(bus, streams.transcripts) }),
  });
}

/** What was dropped for want of room, of all agents, the most first. @throws CliaiError if the store cannot be read */
export async function readDropped(bus: Bus): Promise<DroppedForRoom[]> {
  const found: DroppedForRoom[] = [];
  for (const key of (await (await openExistingBucket(bus, buckets.serve)).entries()).keys()) {
    const id = key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
    const note = isAgentId(id) ? await readNote(bus, id) : undefined;
    if (note !== undefined) found.push(shownNote(note));
  }
  return found.sort((a, b) => b.bytes - a.bytes);
}

/** @throws CliaiError if the stream cannot be read */
export async function readKept(bus: Bus, id: AgentId): Promise<KeptEntries> {
  const stream = streams.transcripts;
  const subject = agentSubject(id, "transcript");
  const note = await readNote(bus, id);
  const { maxAgeMs, maxPerSubject } = await readStreamRoom(bus, stream);
  const count = (await subjectCounts(bus, stream, subject)).get(subject) ?? 0;
  const from = (await removedEntriesTo(bus, id)) + 1;
  let oldest_at: string | undefined;
  for await (const { at } of readStream(bus, { stream, subjects: [subject], from })) {
    oldest_at = at;
    break;
  }
  return definedOf({
    oldest_at,
    max_age_s: maxAgeMs === undefined ? undefined : Math.round(maxAgeMs / 1_000),
    full_at: maxPerSubject !== undefined && count >= maxPerSubject ? maxPerSubject : undefined,
    dropped: note && shownNote(note),
  });
}

/** Undefined if nothing was dropped, or only of a removed agent that had the same name, or of a stream that there is no more. */
async function readNote(bus: Bus, id: AgentId): Promise<v.InferOutput<typeof NoteSchema> | undefined> {
  const value = await (await openExistingBucket(bus, buckets.serve)).get(prefix + id);
  const read = v.safeParse(NoteSchema, value);
  if (!read.success || read.output.agent_id !== id) return undefined;
  const { kept_from, stream_created } = read.output;
  if (stream_created !== (await streamCreated(bus, streams.transcripts))) return undefined;
  return kept_from > (await removedEntriesTo(bus, id)) ? read.output : undefined;
}

function shownNote({ agent_id, bytes, first_at, last_at }: v.InferOutput<typeof NoteSchema>): DroppedForRoom {
  return { agent_id, bytes, first_at, last_at };
}
