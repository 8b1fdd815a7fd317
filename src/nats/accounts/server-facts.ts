// Asks nats-server, over its system account, what it does and what it has done.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import type { Bus } from "../bus.ts";
import { translateNatsError } from "../errors.ts";

const answerWithinMs = 2_000;

/** The fields of nats-server's VARZ (2.9 to 2.15) that are used here. `jetstream` has what JSZ tells of the whole server. */
const VarzSchema = v.looseObject({
  data: v.looseObject({
    start: v.string(),
    connections: v.number(),
    total_connections: v.optional(v.number()),
    subscriptions: v.optional(v.number()),
    mem: v.number(),
    cpu: v.optional(v.number()),
    slow_consumers: v.optional(v.number()),
    in_msgs: v.optional(v.number()),
    out_msgs: v.optional(v.number()),
    in_bytes: v.optional(v.number()),
    out_bytes: v.optional(v.number()),
    jetstream: v.optional(
      v.looseObject({
        config: v.optional(v.looseObject({ max_storage: v.optional(v.number()) })),
        stats: v.optional(
          v.looseObject({
            memory: v.number(),
            storage: v.number(),
            reserved_storage: v.optional(v.number()),
            api: v.looseObject({ total: v.number(), errors: v.number() }),
          }),
        ),
      }),
    ),
  }),
});

/** What nats-server says of itself; all counts are since its start. */
export interface NatsServerFacts {
  /** RFC 3339, by nats-server's clock. */
  readonly started_at: string;
  /** How many clients are connected, serve's own connections included. */
  readonly connections: number;
  readonly connections_ever?: number | undefined;
  readonly subscriptions?: number | undefined;
  readonly memory_bytes: number;
  /** 100 is one core. */
  readonly cpu_percent?: number | undefined;
  /** How many connections nats-server has cut off, because they read too slowly. */
  readonly slow_consumers: number;
  /** What clients have sent to it, and what it has sent to them. */
  readonly received?: Traffic | undefined;
  readonly sent?: Traffic | undefined;
  /** Absent without JetStream. */
  readonly jetstream?: JetStreamFacts | undefined;
}

interface Traffic {
  readonly messages: number;
  readonly bytes: number;
}

interface JetStreamFacts {
  readonly bytes: number;
  readonly memory_bytes: number;
  /** What the limits of streams may take together. */
  readonly reserved_bytes?: number | undefined;
  readonly limit_bytes?: number | undefined;
  readonly api_requests: number;
  /** Also of requests that ask whether something is there which is not. */
  readonly api_errors: number;
}

/** @throws CliaiError `no_answer`, `nats_unreachable` */
export async function readNatsServer(system: Bus): Promise<NatsServerFacts> {
  const subject = `$SYS.REQ.SERVER.${system.serverId}.VARZ`;
  try {
    const { data } = await system.connection.request(subject, "", { timeout: answerWithinMs });
    return factsOf(decodeMessage(VarzSchema, data).data);
  } catch (error) {
    throw translateNatsError(error, "ask nats-server about itself");
  }
}

function factsOf(varz: v.InferOutput<typeof VarzSchema>["data"]): NatsServerFacts {
  const { in_msgs, in_bytes, out_msgs, out_bytes, jetstream } = varz;
  const { stats, config } = jetstream ?? {};
  return {
    started_at: new Date(varz.start).toISOString(),
    connections: varz.connections,
    memory_bytes: varz.mem,
    slow_consumers: varz.slow_consumers ?? 0,
    ...definedOf({
      connections_ever: varz.total_connections,
      subscriptions: varz.subscriptions,
      cpu_percent: varz.cpu,
      received: trafficOf(in_msgs, in_bytes),
      sent: trafficOf(out_msgs, out_bytes),
      jetstream: stats && {
        bytes: stats.storage,
        memory_bytes: stats.memory,
        ...definedOf({ reserved_bytes: stats.reserved_storage, limit_bytes: config?.max_storage }),
        api_requests: stats.api.total,
        api_errors: stats.api.errors,
      },
    }),
  };
}

function trafficOf(messages: number | undefined, bytes: number | undefined): Traffic | undefined {
  return messages === undefined || bytes === undefined ? undefined : { messages, bytes };
}
