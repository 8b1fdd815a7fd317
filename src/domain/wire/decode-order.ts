// Decodes an order of the stream COMMANDS, from its subject and bytes, to a command, a shutdown or a message.
import { CliaiError } from "../text/errors.ts";
import type { AgentId } from "./agent-id.ts";
import { decodeMessage } from "./decode.ts";
import {
  type AgentMessage,
  AgentMessageSchema,
  type Command,
  CommandSchema,
  type Shutdown,
  ShutdownSchema,
} from "./order-messages.ts";
import { requireAgentSubject } from "./subjects.ts";

/** An order; `type` is the topic of its subject. */
export type Order =
  | { readonly type: "command"; readonly message: Command }
  | { readonly type: "shutdown"; readonly message: Shutdown }
  | { readonly type: "message"; readonly message: AgentMessage };

/**
 * Undefined for a subject that carries no orders, such as `agent.ada.status`.
 * @throws CliaiError `message_invalid`; `refused` for an object that is not a shutdown; Error for a subject without an agent id
 */
export function decodeOrder({
  subject,
  data,
}: {
  readonly subject: string;
  readonly data: Uint8Array;
}): (Order & { readonly id: AgentId }) | undefined {
  const { id, topic } = requireAgentSubject(subject);
  switch (topic) {
    case "command":
      return { id, type: topic, message: decodeMessage(CommandSchema, data) };
    case "shutdown":
      return { id, type: topic, message: decodeShutdown(subject, data) };
    case "message":
      return { id, type: topic, message: decodeMessage(AgentMessageSchema, data) };
    default:
      return undefined;
  }
}

/** The id that the order's sender gave it; undefined if the sender gave none. */
export function ownIdOf({ type, message }: Order): string | undefined {
  return type === "message" ? message.message_id : message.command_id;
}

const shutdownFields = new Set([...Object.keys(ShutdownSchema.entries), "from"]);

/**
 * ShutdownSchema has no required field, so every JSON object passes it. This refuses objects that are not shutdowns, because NATS publishes
 * an acknowledgement on any reply subject that a client names, even on an agent's shutdown subject.
 */
function decodeShutdown(subject: string, data: Uint8Array): Shutdown {
  const shutdown = decodeMessage(ShutdownSchema, data);
  const fields = Object.keys(shutdown);
  if (fields.length === 0 || fields.some((name) => shutdownFields.has(name))) return shutdown;
  throw new CliaiError("refused", `a stray reply arrived on ${subject}: it is not a shutdown`);
}
