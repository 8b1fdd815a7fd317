// Finds the last messages on a subject. JetStream only reads forwards, so this looks for the sequence at which to begin: it asks how many
// messages come after one sequence, and then after another, until the number fits.
import type { Bus } from "../bus.ts";
import { translateNatsError } from "../errors.ts";
import { openReader } from "../reader.ts";
import type { StreamMessage } from "./follow.ts";
import { subjectFilter } from "./older-servers.ts";
import { readStream, readStreamFacts } from "./read-stream.ts";
import { lastSequenceOn } from "./stream-messages.ts";

export interface BackOptions {
  readonly stream: string;
  readonly subject: string;
  /** Only messages with a sequence below this one; default: all. */
  readonly before?: number | undefined;
  /** Only messages from this sequence on; default: all. */
  readonly from?: number | undefined;
  /** How many messages at most. */
  readonly count: number;
}

/** How much more than the wanted number may be read: looking on would take longer. */
const mostTimes = 4;

/** The last `count` messages on the subject, oldest first. @throws CliaiError if the stream cannot be read */
export async function readLastMessages(bus: Bus, options: BackOptions): Promise<StreamMessage[]> {
  const { stream, subject, count } = options;
  const end = Math.min(await lastSequenceOn(bus, stream, subject), (options.before ?? Infinity) - 1);
  const first = Math.max((await readStreamFacts(bus, stream)).first_seq, options.from ?? 0);
  if (end < first || count < 1) return [];
  let from = await findStart(bus, options, { first, end });
  for (;;) {
    const found: StreamMessage[] = [];
    for await (const message of readStream(bus, { stream, subjects: [subject], from })) {
      if (message.seq > end) break;
      found.push(message);
      if (found.length > count) found.shift();
    }
    if (found.length >= count || from <= first) return found;
    // Messages that came while it counted were counted, too.
    from = Math.max(first, end - 4 * (end - from + 1));
  }
}

/** A sequence from which on at least `count` messages come up to `end`, but not many more; or the first one of the stream. */
async function findStart(
  bus: Bus,
  { stream, subject, count }: BackOptions,
  { first, end }: { readonly first: number; readonly end: number },
): Promise<number> {
  const after = await countFrom(bus, stream, subject, end + 1);
  const countOf = async (from: number) => (await countFrom(bus, stream, subject, from)) - after;
  /** From `few` on there are too few, from `many` on enough. */
  let few = end + 1;
  let many = Math.max(first, end - count + 1);
  let found = await countOf(many);
  while (found < count && many > first) {
    few = many;
    many = Math.max(first, end - 4 * (end - many + 1));
    found = await countOf(many);
  }
  while (found > mostTimes * count && few - many > 1) {
    const middle = Math.floor((few + many) / 2);
    const inMiddle = await countOf(middle);
    if (inMiddle < count) few = middle;
    else [many, found] = [middle, inMiddle];
  }
  return many;
}

/** How many messages on the subject the stream holds from a sequence on. */
async function countFrom(bus: Bus, stream: string, subject: string, from: number): Promise<number> {
  try {
    const reader = await openReader(bus, stream, subjectFilter(bus, [subject]), { from });
    // If this fails, nats-server removes the consumer by itself.
    reader.remove().catch(() => undefined);
    return reader.pending;
  } catch (error) {
    throw translateNatsError(error, `read the stream ${stream}`);
  }
}
