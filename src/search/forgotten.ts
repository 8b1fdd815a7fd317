// Notes which agents' records are not to be found any more (`cliai agents remove --purge`). The notes stand in the bucket `serve`, so that an
// index that is made anew leaves those records out, too: the audit keeps them for as long as its settings say.
import * as v from "valibot";
import { type AgentId, isAgentId } from "../domain/wire/agent-id.ts";
import { buckets } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { openExistingBucket } from "../nats/jetstream/bucket.ts";
import { readStreamFacts, streamCreated } from "../nats/jetstream/read-stream.ts";
import type { SearchSource } from "./sources.ts";

const prefix = "forgotten.";

/** For each stream the last record that is forgotten; a new agent of the same name is found again. */
const ForgottenSchema = v.object({ at: v.string(), up_to: v.record(v.string(), v.number()) });

export type UpTo = Readonly<Record<string, number>>;

/** Call it when the agent can report nothing any more. */
export async function noteForgotten(
  bus: Bus,
  id: AgentId,
  sources: readonly Pick<SearchSource, "stream">[],
  now: Date,
): Promise<void> {
  const up_to: Record<string, number> = {};
  for (const { stream } of sources) {
    if ((await streamCreated(bus, stream)) !== undefined)
      up_to[stream] = (await readStreamFacts(bus, stream)).last_seq;
  }
  await (await openExistingBucket(bus, buckets.serve)).put(prefix + id, { at: now.toISOString(), up_to });
}

/** Also erases the notes about records that no stream has any more. */
export async function readForgotten(bus: Bus): Promise<ReadonlyMap<string, UpTo>> {
  const bucket = await openExistingBucket(bus, buckets.serve);
  const forgotten = new Map<string, UpTo>();
  const firsts = new Map<string, number>();
  for (const [key, { value }] of await bucket.entries()) {
    const id = key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
    if (!isAgentId(id) || !v.is(ForgottenSchema, value)) continue;
    let isNeeded = false;
    for (const [stream, seq] of Object.entries(value.up_to)) {
      const first = firsts.get(stream) ?? (await firstOf(bus, stream));
      firsts.set(stream, first);
      isNeeded ||= seq > 0 && first <= seq;
    }
    if (isNeeded) forgotten.set(id, value.up_to);
    else await bucket.erase(key);
  }
  return forgotten;
}

async function firstOf(bus: Bus, stream: string): Promise<number> {
  if ((await streamCreated(bus, stream)) === undefined) return Number.POSITIVE_INFINITY;
  return (await readStreamFacts(bus, stream)).first_seq;
}
