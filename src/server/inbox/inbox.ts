// This room keeps what waits for agents: hands it out, expires it, removes what was taken.
//
// An agent's inbox: the orders that were stored for it and not yet handed to its CLI. The receipt `injected` records that an item was
// handed over. The caller writes it once its CLI has the item (`confirms`); for other callers this file writes it.

import { inboxOf } from "../../domain/fleet/agent-record.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
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
import { requireCaughtUp } from "../fleet/caught-up.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Projector } from "../fleet/projector.ts";
import type { RoleOf } from "../fleet/role-by-heartbeat.ts";
import type { RequestReading } from "../server-desks.ts";
import type { Holder, Holds } from "./holds.ts";
import { type InboxItem, noteFor, readItem } from "./inbox-item.ts";
import { type CutText, cutItem, readRest } from "./inbox-long-items.ts";

/** How many characters one call hands to the model. A single item may have as many, and is cut after them. */
const charactersPerCall = 50_000;
const itemsPerCall = 200;
/** How long a call waits if another call holds the first item; usually that item's receipt is just being written. */
const turnWithinMs = 1_000;
const lookEveryMs = 20;

export interface Handout {
  readonly items: readonly (InboxItem & CutText)[];
  readonly still_waiting: number;
  readonly note: string;
}

export interface Inbox {
  /** How many items wait that no call holds. */
  waiting(id: AgentId): number;
  /**
   * Hands over the items that wait, oldest first, up to the first item that another call holds. With `confirms` the caller writes the
   * receipts, and a repeated call with the same request id gets the same items again; without it, each item is handed over once.
   * @param types only items of these types
   * @throws CliaiError `no_answer` if what is stored for the agent could not be read in time. An item may then be handed over already, or an
   * older one may wait
   */
  take(id: AgentId, call: TakingCall, types?: readonly OrderType[]): Promise<Handout>;
  /** Reads a further piece of an item that was cut. @throws CliaiError `usage` for an unknown item */
  rest(id: AgentId, item: string, offset: number): Promise<CutText>;
  /**
   * Lets this call hand over a message whose text it has from elsewhere, even if other items wait before it. No other call then gets the
   * message. Undefined if it was handed over already. Without `confirms` the receipt is written here.
   */
  give(id: AgentId, messageId: string, call: TakingCall): Promise<OrderNames | undefined>;
}

export interface TakingCall extends Holder {
  readonly confirms: boolean;
  readonly call: { readonly tool: string };
}

interface Held {
  readonly command: CommandRecord;
  /** Whether an earlier answer to the same call has it already. */
  readonly wasGiven: boolean;
}

export interface InboxOptions {
  readonly bus: Bus;
  readonly fleet: FleetState;
  readonly projector: Pick<Projector, "catchUp">;
  readonly holds: Holds;
  readonly requests: RequestReading;
  readonly roleOf: RoleOf;
  /** Applies the event that a run has asked for its orders. */
  readonly onEvent: (event: FleetEvent) => void;
  readonly now: () => Date;
}

export function createInbox(options: InboxOptions): Inbox {
  const { bus, fleet, holds, requests, roleOf, now } = options;
  const readUp = createReading(options);
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
    wasGiven: boolean,
  ): Promise<(InboxItem & CutText) | undefined> => {
    const { expires_at } = command;
    // An item that an earlier answer to this call has handed over in time does not expire when the call is repeated: either answer may arrive.
    const isExpired = !wasGiven && expires_at !== undefined && Date.parse(expires_at) <= now().getTime();
    const data = isExpired ? undefined : await readStreamMessage(bus, streams.commands, command.stream_seq);
    if (data === undefined) await writeReceipt(id, command, { state: "expired" });
    else if (!call.confirms) await writeReceipt(id, command, injectedBy(call));
    return data === undefined ? undefined : cutItem(readItem(id, command, data, { requests, roleOf }));
  };
  /** The oldest items, at least as many as one call can get: their summaries are shorter than their texts. */
  const nextFor = (id: AgentId, types?: readonly OrderType[]): CommandRecord[] => {
    let characters = 0;
    return queueOf(id, types).filter(({ summary }, index) => {
      characters += summary.length;
      return index === 0 || (index < itemsPerCall && characters <= charactersPerCall);
    });
  };
  /** Holds the next items for this call. Waits up to `turnWithinMs` if another call holds the first one; then returns none. */
  const holdNext = async (
    id: AgentId,
    call: TakingCall,
    types?: readonly OrderType[],
  ): Promise<readonly Held[]> => {
    const deadline = performance.now() + turnWithinMs;
    for (;;) {
      await readUp(id, call);
      const next = nextFor(id, types);
      const ofNext = next.map((command) => ({ command, wasGiven: holds.isHeldBy(id, command, call) }));
      const held = await holds.take(id, next, call);
      if (held.length > 0 || next.length === 0) return ofNext.slice(0, held.length);
      do {
        if (performance.now() > deadline) return [];
        await pause(lookEveryMs);
      } while (isHeldUp(id, call, types));
    }
  };
  /** Hands over as many items as one call may get. `done` has the ids of those, and of the expired ones. */
  const handOut = async (id: AgentId, held: readonly Held[], call: TakingCall) => {
    const items: (InboxItem & CutText)[] = [];
    const done = new Set<string>();
    let characters = 0;
    for (const { command, wasGiven } of held) {
      if (items.length > 0 && characters + command.summary.length > charactersPerCall) break;
      const item = await handOver(id, command, call, wasGiven);
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
      // Empty until the items are handed over, so that a call that fails releases all of them.
      let done: ReadonlySet<string> = new Set();
      try {
        const given = await handOut(id, held, call);
        done = given.done;
        const still_waiting = queueOf(id, types).filter(({ command_id }) => !done.has(command_id)).length;
        const { items } = given;
        return { items, still_waiting, note: noteFor(items, still_waiting, isHeldUp(id, call, types)) };
      } finally {
        const left = held.map(({ command }) => command.command_id).filter((each) => !done.has(each));
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

/**
 * Returns a function that reads all that is stored for the agent, and then notes that the run asks for its orders. In this sequence, because
 * all receipts of earlier runs must have been read by then. A call makes no record for an unknown agent.
 */
function createReading({ projector, fleet, onEvent, now }: InboxOptions) {
  return async (id: AgentId, { instanceId: run }: TakingCall): Promise<void> => {
    await requireCaughtUp(projector, id);
    if (run === undefined || fleet.record(id) === undefined) return;
    onEvent({ type: "call", id, at: now().toISOString(), run });
  };
}
