// One guest: an agent of others, for which serve speaks to the fleet.
import { linkOver } from "../../agent-link/bus-link.ts";
import { createReceiptQueue, noteTokens } from "../../agent-link/receipt-queue.ts";
import { createToolCaller } from "../../agent-link/tool-call.ts";
import type { AgentService } from "../../domain/agent-protocol/read-service.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Server } from "../../server/server.ts";
import { atMost } from "../../waiting.ts";
import { carryOut, guestRoute as route } from "./carry-out.ts";
import { endLeftovers } from "./end-leftovers.ts";
import { createGuestAnswers } from "./guest-answers.ts";
import { takeGuestOrders } from "./guest-orders.ts";
import { createGuestPresence } from "./guest-presence.ts";
import { createGuestTasks } from "./guest-tasks.ts";

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
  readonly server: Pick<Server, "fleet" | "requests" | "catchUp" | "readAll" | "isLeader">;
  /** After how long without a message an answer is given up. Default 60 s, as the protocol wants. */
  readonly silentForMs?: number | undefined;
  /** How often, at most, a change of what it says of itself is told. Default 10 s. */
  readonly wordEveryMs?: number | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

const lastReceiptsWithinMs = 4_000;
/** What is read of it may take longer; nothing is written after it. */
const begunWithinMs = 1_000;

/** Speaks for it from now on. */
export function openGuest(options: GuestOptions): Guest {
  const { id, by, service, fleetBus: bus, server, wordEveryMs, now, log } = options;
  const { instanceId } = service;
  const link = linkOver(bus);
  const ending = new AbortController();
  const presence = createGuestPresence({ id, instanceId, by, bus, wordEveryMs, now, log });
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
    isOpen: () => isReady && !ending.signal.aborted && server.isLeader() && presence.isAlive(),
    carryOut: (task) =>
      carryOut(task, {
        ...options,
        ...{ call, receipts, answers, requests: server.requests },
        ...{ signal: ending.signal, onWorking: presence.setWorking },
      }),
  });

  presence.beat();
  const { signal } = ending;
  const begun = endLeftovers({ id, server, call, receipts, answers, signal, log }).then((isEnded) => {
    isReady = isEnded;
    tasks.look();
  });
  const unlisten = server.fleet.onChange(({ ids }) => {
    if (ids.includes(id)) tasks.look();
  });
  const stop = async (why: string) => {
    ending.abort(why);
    unlisten();
    await atMost(begunWithinMs, begun);
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
