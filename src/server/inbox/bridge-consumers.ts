// Creates each agent's durable consumer of the stream COMMANDS when the agent is first heard of, and tries again while NATS
// is away. Updates those that an older cliai has made.
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { agentsToMakeFor, ensureBridgeConsumer } from "../../nats/jetstream/consumers.ts";

const retryMs = 1_000;
const madeAtOnce = 16;

export interface BridgeConsumers {
  make(id: AgentId): void;
  /** Makes the consumers that are missing, or that an older cliai or another nats-server has left, after asking NATS once for the present ones. */
  makeMissing(ids: Iterable<AgentId>): void;
  stop(): void;
}

export function createBridgeConsumers(bus: Bus, log: Logger): BridgeConsumers {
  const waiting = new Set<AgentId>();
  let unseen = new Set<AgentId>();
  let isMaking = false;
  let isStopped = false;

  const makeNext = async () => {
    const ids = [...waiting].slice(0, madeAtOnce);
    await Promise.all(
      ids.map(async (id) => {
        await ensureBridgeConsumer(bus, id);
        waiting.delete(id);
      }),
    );
  };
  const makeAll = async () => {
    if (isMaking) return;
    isMaking = true;
    try {
      if (unseen.size > 0) {
        const looked = unseen;
        for (const id of await agentsToMakeFor(bus, looked)) waiting.add(id);
        unseen = new Set([...unseen].filter((id) => !looked.has(id))); // more may have come meanwhile
      }
      while (waiting.size > 0 && !isStopped) await makeNext();
    } catch (error) {
      if (!isStopped) log.warn(`${messageOf(error)}; it will be tried again`);
    } finally {
      isMaking = false;
    }
  };
  const timer = setInterval(() => {
    if (bus.isConnected() && waiting.size + unseen.size > 0) void makeAll();
  }, retryMs);

  return {
    make(id) {
      waiting.add(id);
      void makeAll();
    },
    makeMissing(ids) {
      unseen = new Set([...unseen, ...ids]);
      void makeAll();
    },
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}
