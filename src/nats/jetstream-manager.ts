// The JetStream API of a connection. nats 2.29 asks whether JetStream is on each time that its manager is made, which doubles the requests of
// everything that looks at a stream; here it is asked once for each connection.
import type { JetStreamManager, NatsConnection } from "nats";
import type { Bus } from "./bus.ts";

const managers = new WeakMap<NatsConnection, Promise<JetStreamManager>>();

/** @throws NatsError if JetStream is off, or does not answer; the next call asks again */
export function jetStreamManagerOf({ connection }: Pick<Bus, "connection">): Promise<JetStreamManager> {
  const known = managers.get(connection);
  if (known !== undefined) return known;
  const asked = connection.jetstreamManager();
  managers.set(connection, asked);
  asked.catch(() => managers.delete(connection));
  return asked;
}
