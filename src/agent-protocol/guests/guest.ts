// One guest: an agent of others, for which serve speaks to the fleet.
import { linkOver } from "../../agent-link/bus-link.ts";
import { createReceiptQueue, noteTokens, type ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import { createToolCaller, type ToolCaller } from "../../agent-link/tool-call.ts";
import type { AgentService } from "../../domain/agent-protocol/read-service.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Server } from "../../server/server.ts";
import { carryOut, guestRoute as route } from "./carry-out.ts";
import { createGuestAnswers, type GuestAnswers } from "./guest-answers.ts";
import { takeGuestOrders } from "./guest-orders.ts";
import { createGuestPresence } from "./guest-presence.ts";
import { createGuestTasks, tasksInHand } from "./guest-tasks.ts";

export interface Guest {
  readonly id: AgentId;
  readonly service: AgentService;
  /** It has shown that it lives. @param word what it does, if it has said so */
  alive(word?: string): void;
  /** It is gone: the fleet is told so. Its task, if it has one, has failed. @param why for people */
  leave(why: string): Promise<void>;
  /** As `leave`, but the guest may still be there: only nobody speaks for it here any more. */
  stop(why: string): Promise<void>;
}

export interface GuestOptions {
  readonly id: AgentId;
  /** `ci (peer)` */
  readonly by: string;
  readonly service: AgentService;
  /** The connection in the peer's account. */
  readonly peerBus: Bus;
  /** The connection of the fleet's account. */
  readonly fleetBus: Bus;
  readonly server: Pick<Server, "fleet" | "requests" | "catchUp">;
  /** After how long without a message an answer is given up. Default 60 s, as the protocol wants. */
  readonly silentForMs?: number | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

const lastReceiptsWithinMs = 4_000;
const withdrawWithinMs = 5_000;

/** Speaks for it from now on. */
export function openGuest(options: GuestOptions): Guest {
  const { id, by, service, fleetBus: bus, server, now, log } = options;
  const { instanceId } = service;
  const link = linkOver(bus);
  const ending = new AbortController();
  const presence = createGuestPresence({ id, instanceId, by, bus, now, log });
  const receipts = createReceiptQueue({ id, link, now, log });
  const call = createToolCaller({
    ...{ id, instanceId: () => instanceId, beat: presence.beat, link },
    createId: () => crypto.randomUUID(),
    onDone: () => undefined,
    onTokens: (tokens) => noteTokens(receipts, tokens),
    onHandedOver: () => undefined, // an answer is handed over when the guest is told it
  });
  const answers = createGuestAnswers({ id, server, write: receipts.write, route });
  const orders = takeGuestOrders({ id, bus, now, log });
  let isReady = false;
  const tasks = createGuestTasks({
    ...{ id, bus, fleet: server.fleet, now, log },
    isOpen: () => isReady && !ending.signal.aborted && presence.isAlive(),
    carryOut: (task) =>
      carryOut(task, {
        ...options,
        ...{ call, receipts, answers, signal: ending.signal, onWorking: presence.setWorking },
      }),
  });

  presence.beat();
  const begun = endLeftovers(options, call, receipts, answers).finally(() => {
    isReady = true;
    tasks.look();
  });
  const unlisten = server.fleet.onChange(({ ids }) => {
    if (ids.includes(id)) tasks.look();
  });
  const stop = async (why: string) => {
    ending.abort(why);
    unlisten();
    await begun;
    await tasks.settled();
    await orders.stop();
    await receipts.close(lastReceiptsWithinMs);
  };
  return {
    id,
    service,
    alive(word) {
      presence.alive(word);
      tasks.look();
    },
    async leave(why) {
      await stop(why);
      presence.sayGoodbye(why);
    },
    stop,
  };
}

/**
 * Ends what the guest had when serve ended, or when another serve led: nobody has heard the rest of its answer, and nobody waits for what it had
 * asked. Never rejects.
 */
async function endLeftovers(
  { id, server, log }: GuestOptions,
  call: ToolCaller,
  receipts: Pick<ReceiptQueue, "write">,
  answers: GuestAnswers,
): Promise<void> {
  const detail = "cliai serve ended while it answered, so its answer is lost; it may have done the work";
  try {
    await server.catchUp(id);
    for (const { command_id } of tasksInHand(server.fleet.get(id)?.commands ?? []))
      receipts.write({ command_id, state: "failed", route, detail });
    for (const { request_id, agent_id } of server.requests.open()) {
      if (agent_id === id) {
        await call("withdraw_request", { request_id }, AbortSignal.timeout(withdrawWithinMs));
      }
    }
    await answers.endOthers();
  } catch (error) {
    log.warn(`what ${id} had before is not ended: ${messageOf(error)}`);
  }
}
