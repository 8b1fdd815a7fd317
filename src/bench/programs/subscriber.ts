// Decodes the JSON of each message on a subject, or of a stream from its present end on, until `count` have come. This is the least
// that a program can do that receives these messages.
import { AckPolicy, DeliverPolicy, type NatsConnection } from "nats";
import { type BenchProgram, say, untilInputEnds } from "./program.ts";
import { connectRaw, type RawConnection } from "./raw-nats.ts";

export interface SubscriberOptions extends RawConnection {
  readonly subject: string;
  /** Reads from this stream; default: subscribes to the subject. */
  readonly stream?: string;
  readonly count: number;
}

const text = new TextDecoder();

export const subscriber: BenchProgram = async ({ options, stdin, stdout }) => {
  const { subject, stream, count, ...connection } = options as SubscriberOptions;
  const nats = await connectRaw(connection);
  const done = Promise.withResolvers<void>();
  let seen = 0;
  let agents = 0;
  const take = (data: Uint8Array) => {
    const message = JSON.parse(text.decode(data)) as { agent_id?: string };
    if (message.agent_id !== undefined) agents += 1;
    seen += 1;
    if (seen === count) done.resolve();
  };
  if (stream === undefined) nats.subscribe(subject, { callback: (_, { data }) => take(data) });
  else await followStream(nats, stream, take);
  await nats.flush();
  say(stdout, { ready: true });
  await done.promise;
  say(stdout, { seen, agents });
  await untilInputEnds(stdin);
  await nats.close();
};

/** Resolves when all messages that come from now on will be read. */
async function followStream(
  nats: NatsConnection,
  stream: string,
  take: (data: Uint8Array) => void,
): Promise<void> {
  const jetstream = nats.jetstream();
  const manager = await nats.jetstreamManager();
  const { name } = await manager.consumers.add(stream, {
    deliver_policy: DeliverPolicy.New,
    ack_policy: AckPolicy.None,
    mem_storage: true,
    inactive_threshold: 60e9,
  });
  const consumer = await jetstream.consumers.get(stream, name);
  const messages = await consumer.consume({ max_messages: 1_000 });
  void (async () => {
    for await (const { data } of messages) take(data);
  })();
}
