// A shutdown as it comes off stream COMMANDS. Its schema asks for no field at all, so what is none has to be told apart.
import { CliaiError } from "../text/errors.ts";
import { decodeMessage } from "./decode.ts";
import { type Shutdown, ShutdownSchema } from "./messages.ts";

const ownFields = new Set([...Object.keys(ShutdownSchema.entries), "from"]);

/**
 * NATS answers on whatever subject an asker names for the reply: an acknowledgement can be made to land where an agent is told
 * to end. It has fields, and none that a shutdown knows.
 * @throws CliaiError `refused` for such a one; `message_invalid`
 */
export function decodeShutdown(subject: string, data: Uint8Array): Shutdown {
  const shutdown = decodeMessage(ShutdownSchema, data);
  const fields = Object.keys(shutdown);
  if (fields.length === 0 || fields.some((name) => ownFields.has(name))) return shutdown;
  throw new CliaiError("refused", `an answer to somebody came on ${subject}: it is no shutdown`);
}
