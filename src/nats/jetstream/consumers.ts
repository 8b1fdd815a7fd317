// The consumers of the streams: the durable one of each agent, and what is done with all of a stream. Only the server makes
// any: agents have no right to.
import { AckPolicy, DeliverPolicy, nanos } from "nats";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { everySubjectOf, streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../bus.ts";
import { overElections } from "../elections.ts";
import { isNotFound, translateNatsError } from "../errors.ts";
import { bridgeConsumers } from "./older-servers.ts";

/** How long an unacknowledged command waits before it is delivered again. */
const ackWaitMs = 30_000;

/** Creates an agent's durable consumer; one that exists stays unchanged. */
export async function ensureBridgeConsumer(bus: Bus, id: AgentId): Promise<void> {
  for (const { name, subjects } of bridgeConsumers(bus, id)) {
    const [only, ...more] = subjects;
    const ensure = async () => {
      const manager = await bus.connection.jetstreamManager();
      await manager.consumers.add(streams.commands, {
        durable_name: name,
        ...(more.length === 0 && only !== undefined
          ? { filter_subject: only }
          : { filter_subjects: [...subjects] }),
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(ackWaitMs),
        deliver_policy: DeliverPolicy.All,
        max_ack_pending: 1_000,
      });
    };
    try {
      await overElections(bus.connection, ensure, { isRepeatable: true });
    } catch (error) {
      throw translateNatsError(error, `make the consumer ${name}`);
    }
  }
}

/**
 * Removes what an agent's bridge works from, where it waits for acknowledgements; made again, it gives out anew all that the stream
 * has for the agent. Whether it did. A bridge that is there goes on with the new one by itself.
 */
export async function dropUnacknowledged(bus: Bus, id: AgentId): Promise<boolean> {
  let isDropped = false;
  try {
    const manager = await bus.connection.jetstreamManager();
    for (const { name } of bridgeConsumers(bus, id)) {
      const { num_ack_pending } = await manager.consumers.info(streams.commands, name);
      if (num_ack_pending === 0) continue;
      await manager.consumers.delete(streams.commands, name);
      isDropped = true;
    }
  } catch (error) {
    // If it does not exist, whoever notices that creates it.
    if (!isNotFound(error)) throw translateNatsError(error, `look at the queue of ${id}`);
  }
  return isDropped;
}

/** Removes an agent's durable consumer, and all orders that still wait for the agent. */
export async function removeBridge(bus: Bus, id: AgentId): Promise<void> {
  try {
    const manager = await bus.connection.jetstreamManager();
    for (const { name } of bridgeConsumers(bus, id)) {
      await manager.consumers.delete(streams.commands, name).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    await manager.streams.purge(streams.commands, { filter: everySubjectOf(id) });
  } catch (error) {
    throw translateNatsError(error, `remove the queue of ${id}`);
  }
}

/** The names of a stream's consumers. */
export async function consumerNames(bus: Bus, stream: string): Promise<ReadonlySet<string>> {
  try {
    const manager = await bus.connection.jetstreamManager();
    const names = new Set<string>();
    for await (const { name } of manager.consumers.list(stream)) names.add(name);
    return names;
  } catch (error) {
    throw translateNatsError(error, `list the consumers of ${stream}`);
  }
}

/** Removes consumers whose position is beyond the stream's end, as after damage: they would skip the next messages. */
export async function removeConsumersBeyond(bus: Bus, stream: string, lastSeq: number): Promise<void> {
  try {
    const manager = await bus.connection.jetstreamManager();
    const beyond: string[] = [];
    for await (const { name, delivered } of manager.consumers.list(stream)) {
      if (delivered.stream_seq > lastSeq) beyond.push(name);
    }
    // After the list is read: it comes in pages, and what is removed meanwhile would shift the next page past some of them.
    for (const name of beyond) await manager.consumers.delete(stream, name);
  } catch (error) {
    throw translateNatsError(error, `reset the consumers of ${stream}`);
  }
}
