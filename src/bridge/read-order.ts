// What one order of stream COMMANDS means to the bridge: which receipt it gets, and whether it ends the agent. Pure.
import * as v from "valibot";
import { decodeMessage, parseJson } from "../domain/decode.ts";
import { messageOf } from "../domain/errors.ts";
import {
  AgentMessageSchema,
  CommandSchema,
  type Receipt,
  ShutdownSchema,
  TokenSchema,
} from "../domain/messages.ts";
import { commandText, idFromSequence, shutdownText } from "../domain/receipts.ts";
import { parseAgentSubject } from "../domain/subjects.ts";
import type { StreamMessage } from "../nats/follow.ts";

export interface StopOrder {
  readonly type: "stop" | "shutdown";
  readonly from: string;
  readonly reason: string;
}

export interface OrderReading {
  /** Absent when nothing can be said of it: it is malformed, and without an id. */
  readonly receipt?: Pick<Receipt, "command_id" | "state" | "detail">;
  readonly stop?: StopOrder;
  /** What is wrong with it. */
  readonly problem?: string;
}

export function readOrder(order: StreamMessage, now: Date): OrderReading {
  let decoded: DecodedOrder;
  try {
    decoded = decodeOrder(order);
  } catch (error) {
    const problem = messageOf(error);
    const command_id = ownIdOf(order.data);
    return command_id === undefined
      ? { problem }
      : { problem, receipt: { command_id, state: "failed", detail: problem } };
  }
  const { command_id = idFromSequence(order.seq), expires_at, stop } = decoded;
  if (expires_at !== undefined && Date.parse(expires_at) <= now.getTime()) {
    return { receipt: { command_id, state: "expired", detail: `it was to be taken by ${expires_at}` } };
  }
  return { receipt: { command_id, state: "delivered" }, ...(stop === undefined ? {} : { stop }) };
}

interface DecodedOrder {
  readonly command_id?: string | undefined;
  readonly expires_at?: string | undefined;
  readonly stop?: StopOrder;
}

/** @throws CliaiError `message_invalid` */
function decodeOrder({ subject, data }: StreamMessage): DecodedOrder {
  switch (parseAgentSubject(subject)?.topic) {
    case "command": {
      const command = decodeMessage(CommandSchema, data);
      const { type, command_id, expires_at, from = "unknown" } = command;
      return type === "stop"
        ? { command_id, expires_at, stop: { type, from, reason: commandText(command) } }
        : { command_id, expires_at };
    }
    case "shutdown": {
      const shutdown = decodeMessage(ShutdownSchema, data);
      const from = typeof shutdown.from === "string" ? shutdown.from : "unknown";
      return {
        command_id: shutdown.command_id,
        stop: { type: "shutdown", from, reason: shutdownText(shutdown) },
      };
    }
    default:
      return { command_id: decodeMessage(AgentMessageSchema, data).message_id };
  }
}

const OwnIdSchema = v.object({ command_id: v.optional(TokenSchema), message_id: v.optional(TokenSchema) });

/** The id that a malformed order gives itself, if it can be read at all. */
function ownIdOf(data: Uint8Array): string | undefined {
  try {
    const { command_id, message_id } = v.parse(OwnIdSchema, parseJson(data));
    return command_id ?? message_id;
  } catch {
    return undefined; // not even that: the caller has the reason
  }
}
