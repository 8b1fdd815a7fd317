// The durable consumers of the stream NOTICES: one for each hook and each target of the user.
import { AckPolicy, DeliverPolicy, nanos } from "nats";
import { streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../bus.ts";
import { overElections } from "../elections.ts";
import { isNotFound, isOtherwiseThere, translateNatsError } from "../errors.ts";
import { jetStreamManagerOf } from "../jetstream-manager.ts";

/** How long the next serve waits for the notices that this one has just taken and not acknowledged, if this one is killed. */
const standardAckWaitMs = 10_000;

/** Makes the consumer if there is none. A new one delivers only the notices that are stored from then on. @throws CliaiError */
export async function ensureNoticeConsumer(
  bus: Bus,
  name: string,
  ackWaitMs = standardAckWaitMs,
): Promise<void> {
  const ensure = async () => {
    const manager = await jetStreamManagerOf(bus);
    try {
      await manager.consumers.add(streams.notices, {
        durable_name: name,
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(ackWaitMs),
        deliver_policy: DeliverPolicy.New,
        max_ack_pending: 1_000,
      });
    } catch (error) {
      if (!isOtherwiseThere(error)) throw error; // another release of cliai made it with other settings: they do
    }
  };
  try {
    await overElections(bus.connection, ensure, { isRepeatable: true });
  } catch (error) {
    throw translateNatsError(error, `make the consumer ${name}`);
  }
}

/** Removes the consumer, with its place in the stream. @throws CliaiError */
export async function removeNoticeConsumer(bus: Bus, name: string): Promise<void> {
  try {
    const manager = await jetStreamManagerOf(bus);
    await manager.consumers.delete(streams.notices, name);
  } catch (error) {
    if (!isNotFound(error)) throw translateNatsError(error, `remove the consumer ${name}`);
  }
}
