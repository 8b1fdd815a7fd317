// Measures a stream: how full it is, what limits it, and how large its messages are, without reading their payloads.
import { type JsMsg, millis } from "nats";
import type { Bus } from "../bus.ts";
import { translateNatsError } from "../errors.ts";
import { jetStreamManagerOf } from "../jetstream-manager.ts";
import { openReader } from "../reader.ts";
import { subjectFilter } from "./older-servers.ts";
import { pullMessages } from "./pull.ts";

export interface StreamRoom {
  readonly bytes: number;
  /** Undefined if nothing but the disk limits the stream. */
  readonly maxBytes: number | undefined;
  /** Older messages are deleted; undefined if age does not matter. */
  readonly maxAgeMs: number | undefined;
  /** Of more messages on one subject, the oldest are deleted; undefined if their number does not matter. */
  readonly maxPerSubject: number | undefined;
}

/** @throws CliaiError if the stream cannot be looked at */
export async function readStreamRoom(bus: Bus, stream: string): Promise<StreamRoom> {
  try {
    const manager = await jetStreamManagerOf(bus);
    const { config, state } = await manager.streams.info(stream);
    const { max_bytes, max_age, max_msgs_per_subject } = config;
    return {
      bytes: state.bytes,
      maxBytes: max_bytes > 0 ? max_bytes : undefined,
      maxAgeMs: max_age > 0 ? millis(max_age) : undefined,
      maxPerSubject: max_msgs_per_subject > 0 ? max_msgs_per_subject : undefined,
    };
  } catch (error) {
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}

export interface MessageSize {
  readonly subject: string;
  readonly seq: number;
  /** Its payload and its headers; what the store adds is not included. */
  readonly bytes: number;
}

const pull = { batch: 2_000, expires: 2_000, idle_heartbeat: 1_000, endsWhenIdle: true };

/** The sizes of the messages that the stream holds now, in order. @throws CliaiError if the connection is lost meanwhile */
export async function* readSizes(bus: Bus, stream: string): AsyncGenerator<MessageSize, void> {
  try {
    const reader = await openReader(bus, stream, subjectFilter(bus, undefined), { isSizesOnly: true });
    try {
      let remaining = reader.pending;
      if (remaining === 0) return;
      for await (const message of pullMessages(bus, { ...reader.place, ...pull })) {
        yield { subject: message.subject, seq: message.seq, bytes: sizeOf(message) };
        remaining -= 1;
        if (remaining <= 0 || message.info.pending === 0) return;
      }
    } finally {
      // A failure here does no harm, because nats-server removes the consumer after a minute by itself.
      if (bus.isConnected()) await reader.remove().catch(() => undefined);
    }
  } catch (error) {
    throw translateNatsError(error, `measure the stream ${stream}`);
  }
}

/** nats-server adds the size of the payload as the last header, so that one of the publisher's own counts for nothing. */
function sizeOf({ headers }: JsMsg): number {
  const names = headers?.keys() ?? [];
  const inHeaders = names.flatMap((name) =>
    (headers?.values(name) ?? []).map((text) => name.length + text.length),
  );
  const payload = Number(headers?.values("Nats-Msg-Size").at(-1) ?? 0);
  return inHeaders.reduce((sum, each) => sum + each, payload);
}
