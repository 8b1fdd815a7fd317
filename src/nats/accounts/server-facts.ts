// Asks nats-server, over its system account, how long it has run and who is connected.
import * as v from "valibot";
import { decodeMessage } from "../../domain/wire/decode.ts";
import type { Bus } from "../bus.ts";
import { translateNatsError } from "../errors.ts";

const answerWithinMs = 2_000;

/** The fields of nats-server's VARZ (2.9 to 2.15) that are used here. */
const VarzSchema = v.looseObject({
  data: v.looseObject({
    start: v.string(),
    connections: v.number(),
    mem: v.number(),
    slow_consumers: v.optional(v.number()),
  }),
});

export interface NatsServerFacts {
  /** RFC 3339, by nats-server's clock. */
  readonly started_at: string;
  /** How many clients are connected, serve's own connections included. */
  readonly connections: number;
  readonly memory_bytes: number;
  /** How many connections nats-server has cut off since its start, because they read too slowly. */
  readonly slow_consumers: number;
}

/** @throws CliaiError `no_answer`, `nats_unreachable` */
export async function readNatsServer(system: Bus): Promise<NatsServerFacts> {
  const subject = `$SYS.REQ.SERVER.${system.serverId}.VARZ`;
  try {
    const { data } = await system.connection.request(subject, "", { timeout: answerWithinMs });
    const { start, connections, mem, slow_consumers = 0 } = decodeMessage(VarzSchema, data).data;
    return { started_at: new Date(start).toISOString(), connections, memory_bytes: mem, slow_consumers };
  } catch (error) {
    throw translateNatsError(error, "ask nats-server about itself");
  }
}
