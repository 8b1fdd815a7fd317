// This room is pure: no clock, no I/O, no randomness. It decides; the other rooms do.
//
// The life of an order: which receipt may follow which, and when a sender's wait is over.

import { definedOf } from "./defined.ts";
import { beginningOf } from "./text/summary.ts";
import type { TraceContext } from "./trace/trace-context.ts";
import type { Receipt, ReceiptState } from "./wire/messages.ts";
import type { CommandType } from "./wire/order-messages.ts";

export interface ReceiptEntry {
  readonly state: ReceiptState;
  /** The agent's run (`instance_id`) that the receipt is about, if the receipt names one. */
  readonly run?: string;
  /** RFC 3339, by the clock of the stream that stored it. */
  readonly at: string;
  readonly route?: string;
  readonly detail?: string;
}

/** The types of all orders in the stream COMMANDS. */
export type OrderType = CommandType | "shutdown" | "message";

/** The run that has an order. `goes_on`: the order was handed to an earlier run, and this run continues its session. */
export interface TakenBy {
  readonly run: string;
  readonly session_id?: string;
  readonly goes_on?: true;
}

export interface RunEnded {
  readonly at: string;
  readonly how: string;
  /** Set if the run has said that it was stopped. For a stop, that is the evidence that it was carried out. */
  readonly stopped?: true;
}

/** `from` of an order of which only receipts were read. */
export const unknownSender = "unknown";

export interface CommandRecord {
  readonly command_id: string;
  /** The secret token of the stored order; absent if another program published the order. Views leave it out. */
  readonly token?: string;
  /** The span above the order in a trace, if its sender has named one. Views leave it out. */
  readonly trace?: TraceContext;
  readonly type: OrderType;
  /** The run that a control order is for. */
  readonly run?: string;
  readonly from: string;
  /** The beginning of the text, for a list; the whole is in stream COMMANDS at `stream_seq`. */
  readonly summary: string;
  /** 0 if only receipts of the order have been read so far. */
  readonly stream_seq: number;
  /** The stream has lost the order before it was over. Then `stream_seq` is 0. */
  readonly is_lost?: true;
  readonly issued_at: string;
  readonly expires_at?: string;
  /** The id of the first message of this message's thread; absent if this message is the first. */
  readonly thread?: string;
  /** The run to which the order was handed last, or which continues its session. Absent if no receipt names a run. */
  readonly taken_by?: TakenBy;
  /** Set when that run has ended (`src/domain/fleet/run-end.ts`). Removed if it is heard again, or if another run continues its session. */
  readonly run_ended?: RunEnded;
  readonly receipts: readonly ReceiptEntry[];
}

const rank: Record<ReceiptState, number> = {
  stored: 0,
  delivered: 1,
  injected: 2,
  seen: 3,
  applied: 4,
  failed: 4,
  refused: 4,
  expired: 4,
};

/** The states a sender can wait for (`send --wait`). */
export const waitStates = ["stored", "delivered", "seen", "applied"] as const;
export type WaitState = (typeof waitStates)[number];

/** Whether the state is final: no other state follows it. */
export function isFinal(state: ReceiptState): boolean {
  return rank[state] === rank.applied;
}

/** Whether a receipt ends the sender's wait: its state is at least what the sender waits for, or final. */
export function endsWait(state: ReceiptState, wait: WaitState): boolean {
  return rank[state] >= rank[wait];
}

/** Whether an order of this type ends the agent's run. */
export function isStopType(type: OrderType): boolean {
  return type === "stop" || type === "shutdown";
}

/** Whether an order of this type is a control order, which ends with its run. Tasks and messages belong to the agent; any run may take them. */
export function isControl(type: OrderType): boolean {
  return type !== "task" && type !== "message";
}

/** Whether the order has ended without effect: then the control order before it counts. */
export function isDeclined({ receipts }: Pick<CommandRecord, "receipts">): boolean {
  return receipts.some(({ state }) => state === "refused" || state === "failed" || state === "expired");
}

export type OrderNames = Pick<CommandRecord, "command_id" | "token">;

/** Several orders may have one id; then their tokens tell them apart. */
export function isSameOrder(one: OrderNames, other: OrderNames): boolean {
  return one.command_id === other.command_id && one.token === other.token;
}

/** The fields by which receipts name an order: its id, and its token if it has one. */
export function namesOf({
  command_id,
  token,
}: {
  readonly command_id: string;
  readonly token?: string | undefined;
}): OrderNames {
  return token === undefined ? { command_id } : { command_id, token };
}

/** Whether the order was handed to the agent's CLI, or is over. False again if the run that got it has ended without showing that it had it. */
export function isTaken(command: CommandRecord): boolean {
  if (command.run_ended !== undefined && isUnseen(command)) return false;
  return command.receipts.some((receipt) => rank[receipt.state] >= rank.injected);
}

/** Whether a task or message was handed to a run that has not shown to have it. If that run ends, the order is handed over again. */
export function isUnseen({
  type,
  taken_by,
  receipts,
}: Pick<CommandRecord, "type" | "taken_by" | "receipts">): boolean {
  const isGivenAgain = type === "task" || type === "message";
  return isGivenAgain && taken_by !== undefined && receipts.at(-1)?.state === "injected";
}

/**
 * Whether the order is over, or needs nothing more: a stop needs no more than to be delivered, a message no more than to be handed over. If only
 * receipts of the order were read (`stream_seq` 0, not lost), it counts as settled, so that records do not collect such orders.
 */
export function isSettled(command: CommandRecord): boolean {
  const { type, stream_seq, is_lost, receipts } = command;
  if (stream_seq === 0 && is_lost !== true) return true;
  if (isUnseen(command)) return false;
  const last = receipts.at(-1)?.state;
  if (last === undefined || last === "stored") return false;
  if (isStopType(type)) return true;
  return type === "message" ? last !== "delivered" : isFinal(last);
}

/** Whether nothing but receipts of its agent shows that there was such an order. */
export function isUnknownOrder({ stream_seq, is_lost, from }: CommandRecord): boolean {
  return stream_seq === 0 && is_lost !== true && from === unknownSender;
}

/** Whether the order still waits for its agent: it is neither taken nor settled. */
export function isWaiting(command: CommandRecord): boolean {
  return !isTaken(command) && !isSettled(command);
}

/** Whether the order waits, but the store has lost it. So no run can get it, and it has failed. */
export function isLost(command: CommandRecord): boolean {
  return command.is_lost === true && isWaiting(command);
}

/** Whether COMMANDS must keep the order: it waits, or it would wait again if the run that has it ended. */
export function isToBeKept(command: CommandRecord): boolean {
  return isWaiting(command) || isUnseen(command);
}

/** How long the stream COMMANDS keeps an order. */
export const keptAtMostMs = 7 * 24 * 60 * 60 * 1000;

/** When the order expires, in ms since 1970: at its own expiry, or when the stream drops it, whichever is first. */
export function waitsUntilMs({ issued_at, expires_at }: CommandRecord): number {
  const keptUntilMs = Date.parse(issued_at) + keptAtMostMs;
  return expires_at === undefined ? keptUntilMs : Math.min(keptUntilMs, Date.parse(expires_at));
}

/**
 * Adds a receipt to a command. A doubled receipt changes nothing. A late receipt is put in its place. After a final state, only receipts of
 * earlier states are added. If the order is handed to another run, that run has it from then on: its `injected` replaces the receipts of the
 * earlier run, and a later `seen` of the earlier run is ignored.
 */
export function addReceipt(command: CommandRecord, entry: ReceiptEntry): CommandRecord {
  const { run_ended: _, ...rest } = command;
  const isOver = command.receipts.some((receipt) => isFinal(receipt.state));
  if (entry.run === undefined || isOver || !ofOneRun.has(entry.state)) return place(command, entry);
  const holder = command.taken_by?.run;
  if (holder === entry.run) {
    const isSeen = command.receipts.some(({ state }) => rank[state] >= rank.seen);
    const isAsBefore = entry.state !== "injected" || (isSeen && command.run_ended === undefined);
    if (isAsBefore) return place(command, entry);
    // The run was handed the order again: it had not ended as reported, or it has begun another conversation, maybe in another session.
    return place(isSeen ? rest : { ...rest, taken_by: { run: entry.run } }, entry);
  }
  const isLate = holder !== undefined && entry.state !== "injected";
  if (isLate) return command;
  const receipts =
    holder === undefined ? command.receipts : command.receipts.filter(({ state }) => !ofOneRun.has(state));
  return place({ ...rest, taken_by: { run: entry.run }, receipts }, entry);
}

const ofOneRun: ReadonlySet<ReceiptState> = new Set(["injected", "seen"]);

function place(command: CommandRecord, entry: ReceiptEntry): CommandRecord {
  const known = command.receipts;
  if (known.some((receipt) => receipt.state === entry.state)) return command;
  if (isFinal(entry.state) && known.some((receipt) => isFinal(receipt.state))) return command;
  const next = known.findIndex((receipt) => rank[receipt.state] > rank[entry.state]);
  return { ...command, receipts: next === -1 ? [...known, entry] : known.toSpliced(next, 0, entry) };
}

/** Limited, because an agent's record keeps many receipts and must stay small enough to be written. */
const detailLength = 1_000;

/** The entry of a record for a receipt, with its detail cut to 1,000 characters. @param at when it was stored, RFC 3339 */
export function receiptEntry(receipt: Receipt, at: string): ReceiptEntry {
  return {
    state: receipt.state,
    at,
    ...definedOf({ run: receipt.run, route: receipt.route }),
    ...(receipt.detail == null ? {} : { detail: beginningOf(receipt.detail, detailLength) }),
  };
}

/** The receipt for the task of an agent whose launch failed. It contains the task's text, because the task was not stored as an order. */
export function failedLaunchReceipt(
  launchId: string,
  task: string,
  reason: string,
): Pick<Receipt, "command_id" | "state" | "task" | "detail"> {
  return { command_id: launchTaskId(launchId), state: "failed", task, detail: reason };
}

/** The id of the task that a launch gave to its run. @param launchId of the run, as its heartbeats name it (`instance_id`) */
export function launchTaskId(launchId: string): string {
  return `launch-${launchId}`;
}

/** The id of an order that has none: made from its sequence in the stream. */
export function idFromSequence(streamSeq: number): string {
  return `COMMANDS-${streamSeq}`;
}
