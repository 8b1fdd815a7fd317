// Makes room in the stream TRANSCRIPTS before it is full: the oldest entries of the agents that have the most are dropped first. The stream
// itself drops nobody's entries when it is full, but refuses new ones. So no agent can push out what others have written. Only the leader
// does it.

import { messageOf } from "../../domain/text/errors.ts";
import { fairShare } from "../../domain/transcript/fair-share.ts";
import { isAgentId } from "../../domain/wire/agent-id.ts";
import { parseAgentSubject, streams } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { removeBefore } from "../../nats/jetstream/stream-messages.ts";
import { readSizes, readStreamRoom } from "../../nats/jetstream/stream-sizes.ts";
import type { Lease } from "../lease.ts";
import { noteDropped } from "./dropped-entries.ts";

const lookEveryMs = 1_000;
/** Above this part of the stream's size, entries are dropped … */
const fullFrom = 0.9;
/** … until no more than this part is left. */
const leftPart = 0.75;
/** What the store adds to each message, about. */
const overheadBytes = 60;
/** The entries of an agent are counted in so many parts of the stream, so that a long stream takes little memory. */
const partsOfStream = 50_000;

export interface FairRoomOptions {
  readonly bus: Bus;
  readonly lease: Pick<Lease, "isLeader">;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Returns a function that ends it. */
export function keepFairRoom({ bus, lease, now, log }: FairRoomOptions): () => void {
  let isLooking = false;
  let isFailing = false;
  let isStopped = false;
  const timer = setInterval(async () => {
    if (isLooking || !bus.isConnected() || !lease.isLeader()) return;
    isLooking = true;
    try {
      const dropped = await makeFairRoom(
        bus,
        () => !isStopped && lease.isLeader(),
        async ({ agent, ...each }) => {
          if (isAgentId(agent)) await noteDropped(bus, { agent, ...each }, now());
        },
      );
      if (dropped.length > 0) log.info(droppedText(dropped));
      isFailing = false;
    } catch (error) {
      if (!isStopped && !isFailing) log.warn(`the transcripts get no room yet: ${messageOf(error)}`);
      isFailing = true;
    }
    isLooking = false;
  }, lookEveryMs);
  return () => {
    isStopped = true;
    clearInterval(timer);
  };
}

export interface DroppedEntries {
  /** Its id; a subject that names no agent is one for itself. */
  readonly agent: string;
  readonly bytes: number;
  /** The sequence of the agent's first entry that is kept. */
  readonly keptFrom: number;
}

/**
 * Drops entries if the stream is nearly full. Returns what was dropped, the largest first.
 * @param mayDrop asked before each removal
 * @param onDropped called after the removal of each agent's entries
 * @throws CliaiError if the stream cannot be read, or refuses
 */
export async function makeFairRoom(
  bus: Bus,
  mayDrop: () => boolean,
  onDropped: (dropped: DroppedEntries) => Promise<void> = async () => undefined,
): Promise<readonly DroppedEntries[]> {
  const { bytes, maxBytes } = await readStreamRoom(bus, streams.transcripts);
  if (maxBytes === undefined || bytes <= maxBytes * fullFrom) return [];
  const counted = await count(bus, bytes / partsOfStream);
  const sizes = [...counted.values()].map((parts) => sizeOf(parts));
  const all = sizes.reduce((sum, size) => sum + size, 0);
  // What was counted is not quite what the store takes for it.
  const share = fairShare(sizes, (all / bytes) * maxBytes * leftPart);
  const dropped: DroppedEntries[] = [];
  for (const [subject, parts] of counted) {
    const { keptFrom, bytes: tooMany } = beyond(parts, share);
    if (keptFrom === undefined || !mayDrop()) continue;
    await removeBefore(bus, streams.transcripts, subject, keptFrom);
    const each = { agent: parseAgentSubject(subject)?.id ?? subject, bytes: tooMany, keptFrom };
    dropped.push(each);
    await onDropped(each);
  }
  return dropped.sort((a, b) => b.bytes - a.bytes);
}

/** Entries of one agent that follow each other. */
interface Part {
  readonly from: number;
  bytes: number;
}

async function count(bus: Bus, partBytes: number): Promise<ReadonlyMap<string, readonly Part[]>> {
  const counted = new Map<string, Part[]>();
  for await (const { subject, seq, bytes } of readSizes(bus, streams.transcripts)) {
    const parts = counted.get(subject) ?? [];
    if (parts.length === 0) counted.set(subject, parts);
    const last = parts.at(-1);
    const size = bytes + subject.length + overheadBytes;
    if (last === undefined || last.bytes >= partBytes) parts.push({ from: seq, bytes: size });
    else last.bytes += size;
  }
  return counted;
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** From where on an agent's entries are kept, so that they fit into its share; undefined if all are. The newest part is always kept. */
function beyond(
  parts: readonly Part[],
  share: number,
): { readonly keptFrom: number | undefined; readonly bytes: number } {
  let left = sizeOf(parts);
  const before = left;
  let keptFrom: number | undefined;
  for (const [i, { bytes }] of parts.entries()) {
    if (left <= share || i === parts.length - 1) break;
    left -= bytes;
    keptFrom = parts[i + 1]?.from;
  }
  return { keptFrom, bytes: before - left };
}

const mostNamed = 3;

function droppedText(dropped: readonly DroppedEntries[]): string {
  const named = dropped
    .slice(0, mostNamed)
    .map(({ agent, bytes }) => `${agent} (${(bytes / 1024 ** 2).toFixed(1)} MB)`);
  const others = dropped.length > mostNamed ? ` and ${dropped.length - mostNamed} more agents` : "";
  return `the transcripts had nearly no room left: the oldest entries of those with the most were dropped: ${named.join(", ")}${others}`;
}
