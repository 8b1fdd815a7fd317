// Adds orders and receipts to an agent's record. Pure.
import { definedOf } from "../../defined.ts";
import {
  addReceipt,
  type CommandRecord,
  idFromSequence,
  isControl,
  isDeclined,
  isSettled,
  isTaken,
  namesOf,
  receiptEntry,
  unknownSender,
} from "../../receipts.ts";
import { summaryOf } from "../../text/summary.ts";
import type { TraceContext } from "../../trace/trace-context.ts";
import type { Receipt } from "../../wire/messages.ts";
import type { AgentMessage, Command, Shutdown } from "../../wire/order-messages.ts";
import type { AgentRecord } from "../agent-record.ts";
import { withSession } from "../run-end.ts";

const settledCommandsKept = 20;
/** How many open orders a record keeps: as many as may wait in the stream. A record that is too large for NATS could not be stored. */
const openCommandsKept = 1_000;

/** Adds a receipt. With a token it belongs only to the order with that token; without one, to the order with that id. */
export function reduceReceipt(record: AgentRecord, receipt: Receipt, at: string): AgentRecord {
  const { command_id, token } = receipt;
  const { commands } = record;
  const place = commands.findIndex((command) =>
    token === undefined ? command.command_id === command_id : command.token === token,
  );
  const add = (command: CommandRecord) =>
    withSession(withLoss(command, addReceipt(command, receiptEntry(receipt, at)), receipt, at), record);
  const known = commands[place];
  if (known !== undefined) return withCommand(record, place, add(known));
  const namesake = commands.findIndex((command) => command.command_id === command_id);
  // The receipt is a late one of an earlier order with the same id.
  if ((commands[namesake]?.stream_seq ?? 0) > 0) return record;
  // The receipt may be read before its order, because two streams have no common order.
  const unread: CommandRecord = {
    ...namesOf(receipt),
    type: "task",
    from: receipt.task === undefined ? unknownSender : "its launch",
    summary: summaryOf(receipt.task ?? ""),
    stream_seq: 0,
    issued_at: at,
    receipts: [],
  };
  return withCommand(record, namesake, add(unread));
}

/** Adds to the order that its run was lost, if the receipt says so. */
function withLoss(
  before: CommandRecord,
  after: CommandRecord,
  { state, run_ended: how }: Receipt,
  at: string,
): CommandRecord {
  if (how === undefined || state !== "failed" || after === before || after.taken_by === undefined)
    return after;
  return { ...after, run_ended: { at, how } };
}

/** Adds an order. An order with a known id and the same type is a repetition, and changes nothing. With another type it is another order. */
export function withOrder(
  record: AgentRecord,
  event: {
    readonly at: string;
    readonly stream_seq: number;
    readonly trace?: TraceContext;
    readonly message: Command | Shutdown | AgentMessage;
  },
  type: CommandRecord["type"],
  text: string,
  ownId = idFromSequence(event.stream_seq),
): AgentRecord {
  const { at, stream_seq, trace } = event;
  const { from, expires_at, thread, token, run } = event.message;
  const find = (id: string) => record.commands.findIndex(({ command_id }) => command_id === id);
  const namesake = record.commands[find(ownId)];
  const isRead = namesake !== undefined && namesake.stream_seq > 0;
  if (isRead && namesake.type === type) return record;
  const id = isRead ? idFromSequence(stream_seq) : ownId;
  const place = find(id);
  const unread = record.commands[place];
  const isItsOwn = unread !== undefined && (unread.token === undefined || unread.token === token);
  const order: CommandRecord = {
    command_id: id,
    ...definedOf({ token, trace }),
    type,
    ...(typeof run === "string" ? { run } : {}),
    from: typeof from === "string" ? from : "unknown",
    summary: summaryOf(text),
    stream_seq,
    issued_at: at,
    ...(typeof expires_at === "string" ? { expires_at } : {}),
    ...(typeof thread === "string" && thread !== id ? { thread } : {}),
    ...(isItsOwn ? definedOf({ taken_by: unread.taken_by, run_ended: unread.run_ended }) : {}),
    receipts: isItsOwn ? unread.receipts : [],
  };
  return withCommand(record, place, addReceipt(order, { state: "stored", at }));
}

/** @param place the command's index; -1 for a new one */
function withCommand(record: AgentRecord, place: number, command: CommandRecord): AgentRecord {
  if (record.commands[place] === command) return record;
  const commands = place === -1 ? [...record.commands, command] : record.commands.with(place, command);
  return { ...record, commands: keepPendingAndLast(commands) };
}

/**
 * Keeps all waiting orders, because the stream limits their number. Of the taken orders and of the settled ones, keeps only the last, and besides
 * the control orders by which the agent is paused or stopped, or would be if what came later is not carried out.
 */
function keepPendingAndLast(commands: readonly CommandRecord[]): readonly CommandRecord[] {
  const settled = commands.filter(isSettled);
  const open = commands.filter((command) => isTaken(command) && !isSettled(command));
  const control = commands.filter(({ type, stream_seq }) => isControl(type) && stream_seq > 0);
  const holding = [control.findLast((each) => !isDeclined(each)), control.findLast(isApplied)];
  const dropped = new Set([
    ...allButLast(settled, settledCommandsKept),
    ...allButLast(open, openCommandsKept),
  ]);
  for (const command of holding) if (command !== undefined) dropped.delete(command);
  return dropped.size === 0 ? commands : commands.filter((command) => !dropped.has(command));
}

function isApplied(command: CommandRecord): boolean {
  return !isDeclined(command) && command.receipts.some(({ state }) => state === "applied");
}

function allButLast<T>(list: readonly T[], kept: number): readonly T[] {
  return list.slice(0, Math.max(0, list.length - kept));
}
