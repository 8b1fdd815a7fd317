// Reads an order as it was stored: from COMMANDS while it waits, later from its copy in AUDIT.
import type { CommandRecord, OrderNames } from "../domain/receipts.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeOrder, ownIdOf } from "../domain/wire/decode-order.ts";
import { agentSubject, streams } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import type { StreamMessage } from "../nats/jetstream/follow.ts";
import { readStream } from "../nats/jetstream/read-stream.ts";
import { readStreamMessage } from "../nats/jetstream/stream-messages.ts";

/** How much the clocks of a cluster's servers may differ. The search in AUDIT begins so much before the order was stored. */
const clockSlackMs = 60_000;

export type StoredName = Pick<CommandRecord, "command_id" | "type" | "stream_seq"> &
  Partial<Pick<CommandRecord, "issued_at" | "token">>;

/** Resolves with the stored message of the order; undefined if retention has removed it from AUDIT too. */
export async function readStoredOrder(
  bus: Bus,
  id: AgentId,
  { type, stream_seq, issued_at, ...name }: StoredName,
): Promise<Uint8Array | undefined> {
  const still = await readStreamMessage(bus, streams.commands, stream_seq);
  if (still !== undefined) return still;
  const subjects = [agentSubject(id, type === "message" ? "message" : "command")];
  const sinceMs = issued_at === undefined ? undefined : Date.parse(issued_at) - clockSlackMs;
  for await (const stored of readStream(bus, { stream: streams.audit, subjects, sinceMs })) {
    if (isNamed(stored, name)) return stored.data;
  }
  return undefined;
}

function isNamed(stored: StreamMessage, name: OrderNames): boolean {
  try {
    const order = decodeOrder(stored);
    if (order === undefined || ownIdOf(order) !== name.command_id) return false;
    return name.token === undefined || order.message.token === name.token;
  } catch {
    return false; // a malformed message is not the order
  }
}
