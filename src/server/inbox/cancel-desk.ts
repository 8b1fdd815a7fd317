// Cancels orders that still wait, at the operator's request on `serve.cancel`. It first holds the order, like a call of the agent, so that no
// serve hands it out meanwhile; then it stores the receipt `refused`. No agent's account reaches the subject.
import * as v from "valibot";
import { leastIdCharacters } from "../../domain/find-request.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { standingOf } from "../../domain/fleet/run-end.ts";
import { type CommandRecord, isControl, isSameOrder, isWaiting, namesOf } from "../../domain/receipts.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type AgentId, AgentIdSchema } from "../../domain/wire/agent-id.ts";
import { serveCancelSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Projector } from "../fleet/projector.ts";
import { askOperatorDesk, openOperatorDesk } from "../operator-desk.ts";
import type { Holds } from "./holds.ts";
import type { OrderEnds } from "./order-ends.ts";

const CancelSchema = v.object({
  /** The id of the order, or its beginning. */
  command_id: v.string(),
  from: v.string(),
});
export type CancelRequest = v.InferOutput<typeof CancelSchema>;

const CancelledSchema = v.object({
  agent_id: AgentIdSchema,
  command_id: v.string(),
  type: v.string(),
  summary: v.string(),
  state: v.string(),
  detail: v.string(),
});
export type Cancelled = v.InferOutput<typeof CancelledSchema>;

const desk = {
  subject: serveCancelSubject,
  request: CancelSchema,
  result: CancelledSchema,
  /** Longer than all waits of `cancel` together, so that no order is cancelled after the asker has given up. */
  answerWithinMs: 30_000,
};

/** How long the order is held. The receipt must be stored within this time, because another call may get the order afterwards. */
const holdMs = 15_000;
const storeWithinMs = 5_000;
/** The errors after which the receipt may still be stored. */
const unanswered: ReadonlySet<string> = new Set(["no_answer", "nats_unreachable"]);

export interface CancelDeskOptions {
  readonly fleet: Pick<FleetState, "record" | "records">;
  readonly holds: Pick<Holds, "take" | "release">;
  readonly projector: Pick<Projector, "catchUp">;
  readonly orderEnds: OrderEnds;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Returns a function that ends it. */
export function openCancelDesk(bus: Bus, options: CancelDeskOptions): () => void {
  return openOperatorDesk(bus, desk, (request) => cancel(request, options), options.log);
}

async function cancel(
  { command_id, from }: CancelRequest,
  { fleet, holds, projector, orderEnds, now }: CancelDeskOptions,
): Promise<Cancelled> {
  const found = findOrder(command_id, fleet);
  const id = found.agent_id;
  // Read first what is stored by now, because the order may have been stored or handed over a moment ago.
  await projector.catchUp(id);
  const command =
    fleet.record(id)?.commands.find((each) => isSameOrder(each, found.command)) ?? found.command;
  requireWaiting(id, command);
  const holder = { requestId: `cancel.${crypto.randomUUID()}`, confirmsWithinMs: holdMs };
  const storeBeforeMs = performance.now() + holdMs - storeWithinMs;
  const held = await holds.take(id, [namesOf(command)], holder);
  if (held.length === 0) throw inHand(id, command, fleet.record(id));
  let isSent = false;
  try {
    const receipt = {
      ...{ ...namesOf(command), state: "refused", detail: `taken back by ${from}` },
      timestamp: now().toISOString(),
    } as const;
    const decide = () => {
      // Look again, because the order may have been handed over, with its receipt, before it was held.
      const latest = fleet.record(id)?.commands.find((each) => isSameOrder(each, command));
      requireWaiting(id, latest ?? command);
      if (performance.now() > storeBeforeMs) throw tooSlow(command);
      isSent = true;
      return receipt;
    };
    await orderEnds.store(id, decide, { timeoutMs: storeWithinMs });
    const { type, summary } = command;
    const { state, detail } = receipt;
    return { agent_id: id, command_id: command.command_id, type, summary, state, detail };
  } catch (error) {
    // If the receipt may still be stored, keep the hold until it ends by itself, so that the order is not handed over in the meantime.
    const mayBeStored = isSent && error instanceof CliaiError && unanswered.has(error.code);
    if (!mayBeStored) await holds.release(id, [command.command_id], holder);
    throw error;
  }
}

interface FoundOrder {
  readonly agent_id: AgentId;
  readonly command: CommandRecord;
}

/**
 * Finds an order by its id, or by at least `leastIdCharacters` of its beginning.
 * @throws CliaiError `order_unknown`; `usage` if several orders fit
 */
function findOrder(wanted: string, fleet: CancelDeskOptions["fleet"]): FoundOrder {
  const known = [...fleet.records()].flatMap(({ agent_id, commands }) =>
    commands.filter(({ stream_seq }) => stream_seq > 0).map((command) => ({ agent_id, command })),
  );
  const exact = known.filter(({ command }) => command.command_id === wanted);
  const isLong = wanted.length >= leastIdCharacters;
  const near = isLong ? known.filter(({ command }) => command.command_id.startsWith(wanted)) : [];
  const found = exact.length > 0 ? exact : near;
  // Several orders may have one id (`send --all`). Then those that still wait are meant.
  const waiting = found.filter(({ command }) => isWaiting(command));
  const meant = waiting.length > 0 ? waiting : found;
  const [only, ...others] = meant;
  if (only === undefined) {
    throw new CliaiError("order_unknown", `no order "${wanted}" is known`, {
      hint: "see an agent's orders and their ids: cliai show AGENT",
    });
  }
  if (others.length === 0) return only;
  const names = meant.map(({ agent_id, command }) => `${command.command_id} (${agent_id})`).join(", ");
  throw new CliaiError("usage", `"${wanted}" means several orders: ${names}`, {
    hint: "give the whole id of one of them",
  });
}

/** @throws CliaiError `refused`, naming the order's state, unless the order is a task or message that waits */
function requireWaiting(id: AgentId, command: CommandRecord): void {
  const { type, command_id } = command;
  if (!isWaiting(command)) {
    const hint = type === "pause" ? `let it go on: cliai resume ${id}` : `see its receipts: cliai show ${id}`;
    throw new CliaiError("refused", `${type} ${command_id} to ${id} is ${standingOf(command)}`, { hint });
  }
  if (!isControl(type)) return;
  const state = command.receipts.at(-1)?.state ?? "stored";
  throw new CliaiError("refused", `${type} ${command_id} to ${id} is ${state}, and takes effect by itself`, {
    hint: type === "pause" ? `let it go on: cliai resume ${id}` : `see its receipts: cliai show ${id}`,
  });
}

function tooSlow({ type, command_id }: CommandRecord): CliaiError {
  const message = `${type} ${command_id} was not taken back in time: the server was too slow`;
  return new CliaiError("no_answer", message, { hint: `try again: cliai cancel ${command_id}` });
}

function inHand(
  id: AgentId,
  { type, command_id }: CommandRecord,
  record: AgentRecord | undefined,
): CliaiError {
  const why = record?.heartbeat?.waits_because;
  const words = why === undefined ? "" : `, and waits because ${why}`;
  return new CliaiError(
    "refused",
    `${type} ${command_id} to ${id} is delivered: its host is handing it over${words}`,
    { hint: `tell the agent instead: cliai send task ${id} "leave that …"` },
  );
}

/** Asks any serve to cancel an order. @throws CliaiError as {@link askOperatorDesk} */
export async function askForCancel(bus: Bus, request: CancelRequest): Promise<Cancelled> {
  return await askOperatorDesk(bus, desk, request);
}
