// The consumers of the streams: the durable consumer of each agent, and functions for all consumers of a stream. Only serve creates
// consumers, because agents may not.
import { AckPolicy, type ConsumerConfig, type ConsumerInfo, DeliverPolicy, nanos } from "nats";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { everySubjectOf, streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../bus.ts";
import { overElections } from "../elections.ts";
import { isNotFound, isOtherwiseThere, translateNatsError } from "../errors.ts";
import { jetStreamManagerOf } from "../jetstream-manager.ts";
import { bridgeConsumers, type ConsumerShape } from "./older-servers.ts";

/**
 * How long JetStream waits for an acknowledgement before it delivers an order again. It is short, because an order waits that long if its
 * connection is lost while the order is on its way. Whoever needs longer to take an order recognises the copy (`createOrderIntake`).
 */
const ackWaitMs = 2_000;

/**
 * Creates an agent's durable consumer, or updates the settings of one that an older cliai has made. One that was made with another release of
 * nats-server has other filters: it is made anew, and delivers all orders that the stream holds for the agent.
 */
export async function ensureBridgeConsumer(bus: Bus, id: AgentId): Promise<void> {
  for (const { name, subjects } of bridgeConsumers(bus, id)) {
    const [only, ...more] = subjects;
    const ensure = async () => {
      const manager = await jetStreamManagerOf(bus);
      const config = {
        durable_name: name,
        ...(more.length === 0 && only !== undefined
          ? { filter_subject: only }
          : { filter_subjects: [...subjects] }),
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(ackWaitMs),
        deliver_policy: DeliverPolicy.All,
        max_ack_pending: 1_000,
      };
      try {
        await manager.consumers.add(streams.commands, config);
      } catch (error) {
        if (!isOtherwiseThere(error)) throw error;
        const { config: present } = await manager.consumers.info(streams.commands, name);
        if (!hasFilters(present, subjects)) {
          await manager.consumers.delete(streams.commands, name);
          await manager.consumers.add(streams.commands, config);
          return;
        }
        await manager.consumers.update(streams.commands, name, { ack_wait: config.ack_wait });
      }
    };
    try {
      await overElections(bus.connection, ensure, { isRepeatable: true });
    } catch (error) {
      throw translateNatsError(error, `make the consumer ${name}`);
    }
  }
}

/** Whether the agent waits for orders now: it has asked its durable consumer for the next ones. */
export async function areOrdersAwaited(bus: Bus, id: AgentId): Promise<boolean> {
  try {
    const manager = await jetStreamManagerOf(bus);
    const infos = await Promise.all(
      bridgeConsumers(bus, id).map(({ name }) => manager.consumers.info(streams.commands, name)),
    );
    return infos.every(({ num_waiting }) => num_waiting > 0);
  } catch (error) {
    if (isNotFound(error)) return false; // serve makes it after the first heartbeat
    throw translateNatsError(error, `look at the queue of ${id}`);
  }
}

/**
 * Removes an agent's durable consumer if it waits for acknowledgements. A consumer that is then created again delivers all orders
 * that the stream holds for the agent. A host or bridge that runs uses the new consumer by itself.
 * @returns whether it removed one
 */
export async function dropUnacknowledged(bus: Bus, id: AgentId): Promise<boolean> {
  let isDropped = false;
  try {
    const manager = await jetStreamManagerOf(bus);
    for (const { name } of bridgeConsumers(bus, id)) {
      const { num_ack_pending } = await manager.consumers.info(streams.commands, name);
      if (num_ack_pending === 0) continue;
      await manager.consumers.delete(streams.commands, name);
      isDropped = true;
    }
  } catch (error) {
    // If there is none, another part of serve creates it.
    if (!isNotFound(error)) throw translateNatsError(error, `look at the queue of ${id}`);
  }
  return isDropped;
}

/** Removes an agent's durable consumer, and all orders that still wait for the agent. */
export async function removeBridge(bus: Bus, id: AgentId): Promise<void> {
  try {
    const manager = await jetStreamManagerOf(bus);
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

/** Those of the agents that lack a consumer, or have one whose settings are not those of this cliai with this nats-server. */
export async function agentsToMakeFor(bus: Bus, ids: Iterable<AgentId>): Promise<readonly AgentId[]> {
  const infos = await listConsumers(bus, streams.commands);
  const configs = new Map(infos.map(({ name, config }) => [name, config]));
  const isCurrent = ({ name, subjects }: ConsumerShape) => {
    const config = configs.get(name);
    return config?.ack_wait === nanos(ackWaitMs) && hasFilters(config, subjects);
  };
  return [...ids].filter((id) => !bridgeConsumers(bus, id).every(isCurrent));
}

function hasFilters(
  { filter_subject, filter_subjects }: ConsumerConfig,
  subjects: readonly string[],
): boolean {
  const present = new Set(filter_subjects ?? (filter_subject === undefined ? [] : [filter_subject]));
  return present.size === subjects.length && subjects.every((subject) => present.has(subject));
}

/** The names of a stream's consumers. */
export async function consumerNames(bus: Bus, stream: string): Promise<ReadonlySet<string>> {
  return new Set((await listConsumers(bus, stream)).map(({ name }) => name));
}

async function listConsumers(bus: Bus, stream: string): Promise<readonly ConsumerInfo[]> {
  try {
    const manager = await jetStreamManagerOf(bus);
    return await Array.fromAsync(manager.consumers.list(stream));
  } catch (error) {
    throw translateNatsError(error, `list the consumers of ${stream}`);
  }
}

/** Removes consumers whose position is beyond the end of the stream, which damage can cause: they would skip the next messages. */
export async function removeConsumersBeyond(bus: Bus, stream: string, lastSeq: number): Promise<void> {
  try {
    const manager = await jetStreamManagerOf(bus);
    const beyond: string[] = [];
    for await (const { name, delivered } of manager.consumers.list(stream)) {
      if (delivered.stream_seq > lastSeq) beyond.push(name);
    }
    // Remove them only after the list was read. It comes in pages, and a removal meanwhile would make the next page skip some.
    for (const name of beyond) await manager.consumers.delete(stream, name);
  } catch (error) {
    throw translateNatsError(error, `reset the consumers of ${stream}`);
  }
}
