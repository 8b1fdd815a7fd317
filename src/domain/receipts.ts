// The life of a command (contract §5): which receipts follow which, and when its sender has what it waited for.
import type { Command, CommandType, Receipt, ReceiptState, Shutdown } from "./messages.ts";

export interface ReceiptEntry {
  readonly state: ReceiptState;
  /** RFC 3339, by the clock of the stream that stored it. */
  readonly at: string;
  readonly route?: string;
  readonly detail?: string;
}

/** Everything that rides the stream COMMANDS has the same life. */
export type OrderType = CommandType | "shutdown" | "message";

export interface CommandRecord {
  readonly command_id: string;
  /** The secret of the stored order; absent for one of a plain publisher. Views leave it out. */
  readonly token?: string;
  readonly type: OrderType;
  /** Of a control order: the run of the agent that it is for. */
  readonly run?: string;
  readonly from: string;
  /** The beginning of the text, for a list; the whole is in stream COMMANDS at `stream_seq`. */
  readonly summary: string;
  /** 0 while only receipts have been seen of it. */
  readonly stream_seq: number;
  readonly issued_at: string;
  readonly expires_at?: string;
  /** Of a message: the first message of its thread, where it is not this one. */
  readonly thread?: string;
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

/** Nothing follows a final state. */
export function isFinal(state: ReceiptState): boolean {
  return rank[state] === rank.applied;
}

/** Whether a receipt is as far as the sender waits for; a final one always ends the wait. */
export function endsWait(state: ReceiptState, wait: WaitState): boolean {
  return rank[state] >= rank[wait];
}

/** Whether it steers a run of the agent, and so ends with that run. Tasks and messages are the agent's, whichever run takes them. */
export function isControl(type: OrderType): boolean {
  return type !== "task" && type !== "message";
}

export type OrderNames = Pick<CommandRecord, "command_id" | "token">;

/** What its receipts name: the order, and its token where it has one. */
export function namesOf({
  command_id,
  token,
}: {
  readonly command_id: string;
  readonly token?: string | undefined;
}): OrderNames {
  return token === undefined ? { command_id } : { command_id, token };
}

/** Whether the agent's CLI has been given it, or its life is over. */
export function isTaken(command: CommandRecord): boolean {
  return command.receipts.some((receipt) => rank[receipt.state] >= rank.injected);
}

/**
 * Over, or as far as it will go: a stop or a message asks for no more than to be delivered. Receipts for a command
 * that was never read (`stream_seq` 0) count as settled, so that a stray one cannot pile up.
 */
export function isSettled({ type, stream_seq, receipts }: CommandRecord): boolean {
  if (stream_seq === 0) return true;
  const last = receipts.at(-1)?.state;
  if (last === undefined || last === "stored") return false;
  if (type === "stop" || type === "shutdown") return true;
  return type === "message" ? last !== "delivered" : isFinal(last);
}

/** Whether it still waits for its agent: neither given to it, nor over. */
export function isWaiting(command: CommandRecord): boolean {
  return !isTaken(command) && !isSettled(command);
}

/** How long stream COMMANDS keeps what waits. */
export const keptAtMostMs = 7 * 24 * 60 * 60 * 1000;

/** Until when it may be taken, in ms since 1970: by its own expiry, or for as long as the stream keeps it. */
export function waitsUntilMs({ issued_at, expires_at }: CommandRecord): number {
  const keptUntilMs = Date.parse(issued_at) + keptAtMostMs;
  return expires_at === undefined ? keptUntilMs : Math.min(keptUntilMs, Date.parse(expires_at));
}

/**
 * Adds a receipt in its place. One that is doubled changes nothing; one that comes late takes its place in the
 * order; after a final state only the states before it may still be filled in.
 */
export function addReceipt(command: CommandRecord, entry: ReceiptEntry): CommandRecord {
  const known = command.receipts;
  if (known.some((receipt) => receipt.state === entry.state)) return command;
  if (isFinal(entry.state) && known.some((receipt) => isFinal(receipt.state))) return command;
  const place = known.findIndex((receipt) => rank[receipt.state] > rank[entry.state]);
  return { ...command, receipts: place === -1 ? [...known, entry] : known.toSpliced(place, 0, entry) };
}

export function receiptEntry(receipt: Receipt, at: string): ReceiptEntry {
  return {
    state: receipt.state,
    at,
    ...(receipt.route === undefined ? {} : { route: receipt.route }),
    ...(receipt.detail == null ? {} : { detail: beginningOf(receipt.detail, detailLength) }),
  };
}

/** The id of a message that came without one: filled from its place in the stream (contract §3). */
export function idFromSequence(streamSeq: number): string {
  return `COMMANDS-${streamSeq}`;
}

const summaryLength = 200;
/** Many receipts are kept of an agent, in a record that must stay writable. */
const detailLength = 1_000;

/** The words of a command for a person: a task's text, another command's reason. */
export function commandText(command: Command): string {
  const payload = command.payload;
  if (typeof payload === "string") return payload;
  if (payload == null) return "";
  const words = command.type === "task" ? payload.text : payload.reason;
  if (typeof words === "string") return words;
  // That it is by force is no reason.
  const rest = Object.entries(payload).filter(([name, value]) => name !== "force" && value != null);
  return rest.length === 0 ? "" : JSON.stringify(payload);
}

export function shutdownText(shutdown: Shutdown): string {
  return shutdown.reason ?? "";
}

export function summaryOf(text: string): string {
  return beginningOf(text, summaryLength);
}

/** The beginning of a text, whole when short; never cut inside a character. */
export function beginningOf(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  return `${cut.isWellFormed() || !text.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}
