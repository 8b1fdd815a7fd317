// Stores messages of one stream as an atomic batch of JetStream: all of them or none. With `--sync always`, nats-server writes each other message
// to the disk by itself, but a whole batch at once. Use it only for streams to which no agent may publish, because the number of batches that
// a stream takes at the same time is limited.
import { headers, type Msg, type NatsConnection } from "nats";
import type { Bus } from "./bus.ts";
import { overElections } from "./elections.ts";
import { translateNatsError } from "./errors.ts";

/** A batch of nats-server 2.15 costs as much as 12 to 16 single messages, whatever it contains: it is written to a store of its own before. */
export const leastForBatch = 16;
/** nats-server takes 1,000 messages in a batch. With fewer, the program that makes them is held up for less time. */
export const mostInBatch = 250;

export interface BatchMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** nats-server refuses the batch unless this is the sequence of the last message on the subject, 0 for none. */
  readonly lastSeq?: number;
}

/**
 * Stores the messages, in their order and without other messages between them. The stream must allow it (`allow_atomic`).
 * @param messages at least one, and at most 1,000
 * @returns the sequence of the first message; undefined if nats-server has refused the batch, and so has stored none of them
 * @throws CliaiError if no answer comes: then all of them are stored, or none
 */
export async function publishBatch(
  { connection }: Bus,
  messages: readonly BatchMessage[],
  { timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {},
): Promise<number | undefined> {
  try {
    // Each try is a batch of its own: nats-server drops what it has of an earlier one.
    const send = () => sendBatch(connection, messages, timeoutMs);
    const answer = await overElections(connection, send, { isRepeatable: false });
    const { error, seq } = answer.json<{ readonly error?: unknown; readonly seq?: number }>();
    return error === undefined && seq !== undefined ? seq - messages.length + 1 : undefined;
  } catch (error) {
    throw translateNatsError(
      error,
      `store ${messages.length} messages, the first on ${messages[0]?.subject}`,
    );
  }
}

async function sendBatch(
  connection: NatsConnection,
  messages: readonly BatchMessage[],
  timeout: number,
): Promise<Msg> {
  const id = crypto.randomUUID();
  for (const [index, { subject, data, lastSeq }] of messages.entries()) {
    const fields = headers();
    fields.set("Nats-Batch-Id", id);
    fields.set("Nats-Batch-Sequence", String(index + 1));
    if (lastSeq !== undefined) fields.set("Nats-Expected-Last-Subject-Sequence", String(lastSeq));
    if (index < messages.length - 1) {
      connection.publish(subject, data, { headers: fields });
      continue;
    }
    fields.set("Nats-Batch-Commit", "1");
    return await connection.request(subject, data, { headers: fields, timeout });
  }
  throw new Error("a batch has at least one message");
}
