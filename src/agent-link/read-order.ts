// Reads one order of the stream COMMANDS: decides its receipt, and what it asks for. Pure.
import * as v from "valibot";
import { definedOf } from "../domain/defined.ts";
import { idFromSequence, isStopType, namesOf, type OrderType } from "../domain/receipts.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { commandText, shutdownText } from "../domain/text/order-text.ts";
import { parseJson } from "../domain/wire/decode.ts";
import { decodeOrder } from "../domain/wire/decode-order.ts";
import { TokenSchema } from "../domain/wire/fields.ts";
import type { Receipt } from "../domain/wire/messages.ts";
import type { Command } from "../domain/wire/order-messages.ts";
import type { StreamMessage } from "../nats/jetstream/follow.ts";

/** An order that was taken before it expired. It has no text for tasks and messages, which come from the inbox. */
export interface TakenOrder {
  readonly command_id: string;
  readonly token?: string;
  /** For a control order: the run of the agent that the order is for. Absent if its sender named none. */
  readonly run?: string;
  readonly type: OrderType;
  readonly from: string;
  readonly reason: string;
  /** For a stop: end at once, without waiting for the turn. */
  readonly force: boolean;
  /** For a stop: how long the agent may take to finish, in seconds. Absent if the order does not say. */
  readonly deadline_s?: number;
  /** For a pause: texts wait as well, until the agent is resumed. */
  readonly holds_texts?: true;
}

export function isStop({ type }: Pick<TakenOrder, "type">): boolean {
  return isStopType(type);
}

export interface OrderReading {
  /** Absent for a malformed order without an id, because a receipt must name one. */
  readonly receipt?: Pick<Receipt, "command_id" | "token" | "state" | "detail">;
  /** Absent for a malformed or expired order. */
  readonly order?: TakenOrder;
  /** What is wrong with the order; absent if nothing is. */
  readonly problem?: string;
}

/** Reads an order. Never throws: a malformed order has a `problem`. @param now decides whether the order has expired */
export function readOrder(order: StreamMessage, now: Date): OrderReading {
  let decoded: DecodedOrder;
  try {
    decoded = decodeFacts(order);
  } catch (error) {
    const problem = messageOf(error);
    const command_id = ownIdOf(order.data);
    return command_id === undefined
      ? { problem }
      : { problem, receipt: { command_id, state: "failed", detail: problem } };
  }
  const { command_id = idFromSequence(order.seq), token, run, expires_at, ...asked } = decoded;
  const names = namesOf({ command_id, token });
  if (expires_at !== undefined && Date.parse(expires_at) <= now.getTime()) {
    return { receipt: { ...names, state: "expired", detail: `it expired at ${expires_at}` } };
  }
  const taken = { ...names, ...definedOf({ run }), ...asked };
  return { receipt: { ...names, state: "delivered" }, order: taken };
}

interface DecodedOrder extends Omit<TakenOrder, "command_id" | "token" | "run"> {
  readonly command_id?: string | undefined;
  readonly token?: string | undefined;
  readonly run?: string | undefined;
  readonly expires_at?: string | undefined;
}

/** @throws CliaiError `message_invalid`, `refused` */
function decodeFacts(stored: StreamMessage): DecodedOrder {
  const order = decodeOrder(stored);
  switch (order?.type) {
    case undefined:
      throw new CliaiError("message_invalid", `${stored.subject} carries no orders`);
    case "command":
      return decodeCommand(order.message);
    case "shutdown": {
      const { command_id, token, run, force = false, deadline_s, from } = order.message;
      return {
        ...{ command_id, token, run, type: "shutdown", force, reason: shutdownText(order.message) },
        from: typeof from === "string" ? from : "unknown",
        ...definedOf({ deadline_s }),
      };
    }
    case "message": {
      const { message_id, token, from = "unknown" } = order.message;
      return { command_id: message_id, token, type: "message", from, reason: "", force: false };
    }
  }
}

const DetailsSchema = v.object({
  force: v.optional(v.fallback(v.boolean(), false), false),
  deadline_s: v.fallback(v.optional(v.pipe(v.number(), v.minValue(0))), undefined),
  holds_texts: v.fallback(v.optional(v.literal(true)), undefined),
});

function decodeCommand(command: Command): DecodedOrder {
  const { type, command_id, token, run, expires_at, from = "unknown", payload } = command;
  const details = v.safeParse(DetailsSchema, payload);
  const { force, deadline_s, holds_texts } = details.success ? details.output : { force: false };
  return {
    ...{ command_id, token, run, expires_at, type, from, force },
    reason: type === "task" ? "" : commandText(command),
    ...definedOf({ deadline_s, holds_texts }),
  };
}

const OwnIdSchema = v.object({ command_id: v.optional(TokenSchema), message_id: v.optional(TokenSchema) });

/** The id in a malformed order; undefined if it has none or cannot be read. */
function ownIdOf(data: Uint8Array): string | undefined {
  try {
    const { command_id, message_id } = v.parse(OwnIdSchema, parseJson(data));
    return command_id ?? message_id;
  } catch {
    return undefined; // not JSON; the caller reports the problem
  }
}
