// This room keeps what waits for agents: hands it out, expires it, removes what was taken.
//
// An agent's inbox: the orders that were stored for it and not yet handed to its CLI. The receipt `injected` records the
// handing over. The caller writes it once its CLI has the item; for a caller that does not, this file writes it.

import { inboxOf } from "../../domain/fleet/agent-record.ts";
import {
  type CommandRecord,
  isTaken,
  namesOf,
  type OrderNames,
  type OrderType,
} from "../../domain/receipts.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Receipt } from "../../domain/wire/messages.ts";
import { agentSubject, streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { readStreamMessage } from "../../nats/jetstream/stream-messages.ts";
import { pause } from "../../waiting.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Projector } from "../fleet/projector.ts";
import type { RoleOf } from "../fleet/role-by-heartbeat.ts";
import type { RequestReading } from "../server.ts";
import type { Holder, Holds } from "./holds.ts";
import { type InboxItem, noteFor, readItem } from "./inbox-item.ts";
import { type CutText, cutItem, readRest } from "./inbox-long-items.ts";

/** Text handed to the model in one call; one item alone may have as much, and is cut there. */
const charactersPerCall = 50_000;
const itemsPerCall = 200;
/** How long a call waits while another call holds the first item, whose receipt is usually just being written. */
const turnWithinMs = 1_000;
const lookEveryMs = 20;

export interface Handout {
  readonly items: readonly (InboxItem & CutText)[];
  readonly still_waiting: number;
  readonly note: string;
}

export interface Inbox {
  waiting(id: AgentId): number;
  /**
   * What waits, oldest first; nothing that came after what another call was given and has not confirmed. With `confirms`
   * the caller writes the receipts, and a call under the same request id is given the same again; without, each item is
   * given once. `types`: no others.
   */
  take(id: AgentId, call: TakingCall, types?: readonly OrderType[]): Promise<Handout>;
  /** More of an item that was cut. @throws CliaiError `usage` for one that is not known */
  rest(id: AgentId, item: string, offset: number): Promise<CutText>;
  /**
   * Whether this call may hand over a message's words that it has from elsewhere, whatever waits before it; no other call
   * is then given the message. Undefined when it was handed over already. Without `confirms` the receipt is written here.
   */
  give(id: AgentId, messageId: string, call: TakingCall): Promise<OrderNames | undefined>;
}

export interface TakingCall extends Holder {
  readonly confirms: boolean;
  readonly call: { readonly tool: string };
}

export interface InboxOptions {
  readonly bus: Bus;
  readonly fleet: FleetState;
  readonly projector: Projector;
  readonly holds: Holds;
  readonly requests: RequestReading;
  readonly roleOf: RoleOf;
  readonly now: () => Date;
}

export function createInbox({ bus, fleet, projector, holds, requests, roleOf, now }: InboxOptions): Inbox {
  const queueOf = (id: AgentId, types?: readonly OrderType[]): CommandRecord[] =>
    inboxOf(fleet.record(id) ?? { commands: [] }).filter(({ type }) => types?.includes(type) ?? true);
  const isHeldUp = (id: AgentId, call: TakingCall, types?: readonly OrderType[]): boolean => {
    const [first] = queueOf(id, types);
    return first !== undefined && !holds.isFree(id, first, call);
  };
  const handOver = async (
    id: AgentId,
    command: CommandRecord,
    call: TakingCall,
  ): Promise<(InboxItem & CutText) | undefined> => {
    const isExpired = command.expires_at !== undefined && Date.parse(command.expires_at) <= now().getTime();
    const data = isExpired ? undefined : await readStreamMessage(bus, streams.commands, command.stream_seq);
    if (data === undefined) await writeReceipt(id, command, { state: "expired" });
    else if (!call.confirms) await writeReceipt(id, command, injectedBy(call));
    return data === undefined ? undefined : cutItem(readItem(id, command, data, { requests, roleOf }));
  };
  /** The oldest that one call may hold: more than it can be given. */
  const nextFor = (id: AgentId, types?: readonly OrderType[]): CommandRecord[] => {
    let characters = 0;
    return queueOf(id, types).filter(({ summary }, index) => {
      characters += summary.length;
      return index === 0 || (index < itemsPerCall && characters <= charactersPerCall);
    });
  };
  /** Holds for this call what comes next, when it is its turn in time. */
  const holdNext = async (
    id: AgentId,
    call: TakingCall,
    types?: readonly OrderType[],
  ): Promise<readonly CommandRecord[]> => {
    const deadline = performance.now() + turnWithinMs;
    for (;;) {
      await projector.catchUp(id);
      const next = nextFor(id, types);
      const held = await holds.take(id, next, call);
      if (held.length > 0 || next.length === 0) return next.slice(0, held.length);
      do {
        if (performance.now() > deadline) return [];
        await pause(lookEveryMs);
      } while (isHeldUp(id, call, types));
    }
  };
  /** Gives as many as one call may be given; the ids are of all that is done with, expired ones too. */
  const handOut = async (id: AgentId, commands: readonly CommandRecord[], call: TakingCall) => {
    const items: (InboxItem & CutText)[] = [];
    const done = new Set<string>();
    let characters = 0;
    for (const command of commands) {
      if (items.length > 0 && characters + command.summary.length > charactersPerCall) break;
      const item = await handOver(id, command, call);
      done.add(command.command_id);
      if (item === undefined) continue;
      items.push(item);
      characters += item.text.length;
      if (characters > charactersPerCall) break;
    }
    return { items, done };
  };
  const writeReceipt = (id: AgentId, command: OrderNames, facts: Pick<Receipt, "state" | "route">) => {
    const receipt = { agent_id: id, ...namesOf(command), ...facts, timestamp: now().toISOString() };
    return bus.publishStored(agentSubject(id, "receipt"), receipt);
  };

  return {
    waiting: (id) => queueOf(id).filter((command) => holds.isFree(id, command)).length,
    async take(id, call, types) {
      const held = await holdNext(id, call, types);
      // A call that fails has handed nothing over.
      let done: ReadonlySet<string> = new Set();
      try {
        const given = await handOut(id, held, call);
        done = given.done;
        const still_waiting = queueOf(id, types).filter(({ command_id }) => !done.has(command_id)).length;
        const { items } = given;
        return { items, still_waiting, note: noteFor(items, still_waiting, isHeldUp(id, call, types)) };
      } finally {
        const left = held.map(({ command_id }) => command_id).filter((each) => !done.has(each));
        if (left.length > 0) await holds.release(id, left, call);
      }
    },
    rest: (id, item, offset) => readRest(id, item, offset, { bus, fleet, requests, roleOf }),
    async give(id, command_id, call) {
      const known = fleet.record(id)?.commands.find((command) => command.command_id === command_id);
      if (known !== undefined && isTaken(known)) return undefined;
      const given = namesOf(known ?? { command_id });
      const held = await holds.take(id, [given], call);
      if (held.length === 0) return undefined;
      if (!call.confirms) await writeReceipt(id, given, injectedBy(call));
      return given;
    },
  };
}

function injectedBy({ call }: TakingCall): Pick<Receipt, "state" | "route"> {
  return { state: "injected", route: call.tool };
}
