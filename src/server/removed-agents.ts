// Remembers removed agents for as long as COMMANDS remembers the ids of their orders. A new agent of the same name may get an order
// with such an id, which the stream would take for a duplicate of the old one.
import * as v from "valibot";
import { type AgentId, isAgentId } from "../domain/wire/agent-id.ts";
import { buckets, streams } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { openExistingBucket } from "../nats/jetstream/bucket.ts";
import { lastSequence } from "../nats/jetstream/stream-messages.ts";

const prefix = "removed.";
/** As long as COMMANDS keeps a message, and an id. */
const keptMs = 7 * 24 * 60 * 60 * 1000;

const RemovedSchema = v.object({ commands_seq: v.number(), at: v.string() });

/** Call it when COMMANDS has no order of the agent any more. Also erases the notes about agents that were removed long ago. */
export async function noteRemoval(bus: Bus, id: AgentId, now: Date): Promise<void> {
  const serve = await openExistingBucket(bus, buckets.serve);
  const agents = await openExistingBucket(bus, buckets.agents);
  for (const [key, { value }] of await serve.entries()) {
    const other = key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
    if (!isAgentId(other) || !v.is(RemovedSchema, value)) continue;
    if (now.getTime() - Date.parse(value.at) < keptMs) continue;
    await serve.erase(key);
    // Also erase the mark of its deletion in the bucket `agents`, which every serve has seen by now.
    if ((await agents.entry(other)) === undefined) await agents.erase(other);
  }
  const commands_seq = await lastSequence(bus, streams.commands);
  await serve.put(prefix + id, { commands_seq, at: now.toISOString() });
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

/**
 * Stores an order once. If an order with the same `Nats-Msg-Id` is stored, but was for a removed agent of the same name, stores this one
 * under another `Nats-Msg-Id`.
 * @param place `storedAs`: the `Nats-Msg-Id`, from `order-names.ts`
 */
export async function storeOnce(
  bus: Bus,
  { id, subject, storedAs }: { readonly id: AgentId; readonly subject: string; readonly storedAs: string },
  order: unknown,
): Promise<{ readonly duplicate: boolean; readonly seq: number }> {
  const stored = await bus.publishStored(subject, order, { id: storedAs });
  if (!stored.duplicate) return stored;
  const removed = await removedUpTo(bus, id);
  if (stored.seq > removed) return stored;
  return await bus.publishStored(subject, order, { id: `${storedAs}.after.${removed}` });
}
