// This room decides what is known of an agent: events in, record out; and the status that follows from a record.
//
// reduceAgent(record, event) returns the agent's next record. Pure: the time comes with the event, and an event that is
// replayed or comes twice changes nothing.
import {
  addReceipt,
  beginningOf,
  type CommandRecord,
  commandText,
  idFromSequence,
  isSettled,
  isTaken,
  namesOf,
  receiptEntry,
  shutdownText,
  summaryOf,
} from "../receipts.ts";
import type { OpenRequest } from "../requests.ts";
import { mergeUsage } from "../usage.ts";
import type { AgentId } from "../wire/agent-id.ts";
import type {
  AgentEvent,
  AgentMessage,
  Command,
  Heartbeat,
  Receipt,
  Shutdown,
  StatusReport,
} from "../wire/messages.ts";
import type { AgentRecord, ConnectionEvidence, HeartbeatEvidence, SaidStatus } from "./agent-record.ts";
import { sessionBeforeRun } from "./evidence-that-counts.ts";
import { ordersAfterGoodbye, ordersAfterHeartbeat, withSession } from "./run-end.ts";
import {
  afterRunEnded,
  isLateConnection,
  isRunConnected,
  isRunOver,
  otherRunOf,
  withOtherConnection,
  withOtherRun,
  withoutOtherRun,
  withoutSilentRuns,
  withRun,
} from "./runs.ts";
import { isLateEvent, reduceSession } from "./session.ts";
import { isGoodbye } from "./status.ts";

/** The heartbeat interval of an agent that does not send its own (contract §3). */
export const defaultHeartbeatIntervalS = 15;
const settledCommandsKept = 20;
/** As many as may wait. An unbounded record would one day be too large for NATS, and could not be written any more. */
const openCommandsKept = 1_000;
/** How much of an agent's own words is kept, because all records together go into one message. AUDIT has the whole text. */
const wordsLength = 4_000;

/** `at` is RFC 3339 by the server's or the stream's clock; `seq` is the sequence in the stream named beside it. */
export type FleetEvent = { readonly id: AgentId; readonly at: string } & (
  | { readonly type: "heartbeat"; readonly message: Heartbeat }
  /** nats-server's own word of the bridge's connection. */
  | { readonly type: "connection"; readonly connection: ConnectionEvidence }
  | { readonly type: "status"; readonly message: StatusReport; readonly audit_seq: number }
  | { readonly type: "event"; readonly message: AgentEvent; readonly audit_seq: number }
  | { readonly type: "receipt"; readonly message: Receipt; readonly audit_seq: number }
  | { readonly type: "command"; readonly message: Command; readonly stream_seq: number }
  | { readonly type: "shutdown"; readonly message: Shutdown; readonly stream_seq: number }
  | { readonly type: "message"; readonly message: AgentMessage; readonly stream_seq: number }
  /** All requests of the agent that are open, oldest first: as the bucket `requests` has them. */
  | { readonly type: "requests"; readonly open: readonly OpenRequest[] }
);

/** The record after an event; the same object when the event changes nothing. */
export function reduceAgent(known: AgentRecord | undefined, event: FleetEvent): AgentRecord {
  const record = known ?? newRecord(event);
  if ("audit_seq" in event) {
    if (event.audit_seq <= record.audit_seq) return record;
    return { ...reduceEvent(record, event), audit_seq: event.audit_seq };
  }
  if ("stream_seq" in event) {
    if (event.stream_seq <= record.commands_seq) return record;
    return { ...reduceEvent(record, event), commands_seq: event.stream_seq };
  }
  return reduceEvent(record, event);
}

function newRecord({ id, at }: FleetEvent): AgentRecord {
  return { agent_id: id, first_seen: at, commands: [], audit_seq: 0, commands_seq: 0 };
}

function reduceEvent(record: AgentRecord, event: FleetEvent): AgentRecord {
  switch (event.type) {
    case "heartbeat":
      return reduceHeartbeat(record, event.message, event.at);
    case "connection":
      return reduceConnection(record, event.connection);
    case "status":
      return reduceStatus(record, event.message, event.at);
    case "event":
      return reduceAgentEvent(seen(record, event.at), event.message, event.at);
    case "receipt":
      // A bridge says goodbye before its last receipts are stored.
      return withGoodbye(reduceReceipt(seen(record, event.at), event.message, event.at));
    case "command":
      return withOrder(
        record,
        event,
        event.message.type,
        commandText(event.message),
        event.message.command_id,
      );
    case "shutdown":
      return withOrder(record, event, "shutdown", shutdownText(event.message), event.message.command_id);
    case "message":
      return withOrder(record, event, "message", event.message.text, event.message.message_id);
    case "requests":
      return reduceRequests(record, event.open);
  }
}

function reduceHeartbeat(known: AgentRecord, message: Heartbeat, at: string): AgentRecord {
  const run = known.heartbeat?.instance_id;
  const isConnected = run !== undefined && message.instance_id !== run && isRunConnected(known, at);
  // A heartbeat without a run belongs to the run that is connected.
  const instance_id = message.instance_id ?? (isConnected ? run : undefined);
  const seq = message.instance_id === instance_id ? message.seq : undefined;
  const isOther = instance_id !== undefined && run !== undefined && instance_id !== run;
  const isBeside =
    isOther && (isConnected || (otherRunOf(known, instance_id) !== undefined && !isRunOver(known, at)));
  if (isBeside) return seen(withOtherHeartbeat(known, message, instance_id, at), at);
  return reduceOwnHeartbeat(
    isOther ? withRun(known, instance_id, at) : withoutSilentRuns(known, at),
    message,
    {
      instance_id,
      seq,
      at,
    },
  );
}

function reduceOwnHeartbeat(
  record: AgentRecord,
  message: Heartbeat,
  {
    instance_id,
    seq,
    at,
  }: { readonly instance_id: string | undefined; readonly seq: number | undefined; readonly at: string },
): AgentRecord {
  const last = record.heartbeat;
  const sameRun = last !== undefined && last.instance_id === instance_id;
  if (sameRun && seq !== undefined && last.seq !== undefined && seq <= last.seq) return record;
  const newRun = !sameRun || (record.said !== undefined && isGoodbye(record.said.status));
  return {
    ...seen(record, at),
    ...known({
      config_name: message.config_name,
      project_path: message.project_path,
      cli: message.cli,
      cli_version: message.cli_version,
      host: message.host,
      pid: message.pid,
      session_id: message.session_id,
      role: message.role,
    }),
    ...task(message.current_task),
    ...known({ session: sameRun ? record.session : sessionBeforeRun(record.session, instance_id, at) }),
    ...(newRun || record.run_started_at === undefined ? { run_started_at: at } : {}),
    heartbeat: beatOf(message, instance_id, seq ?? (sameRun ? last.seq : undefined), at),
    ...said(record.said, message.status, undefined, "heartbeat", instance_id, at),
    commands: ordersAfterHeartbeat(record, instance_id, message.session_id, at),
  };
}

function beatOf(
  message: Heartbeat,
  instance_id: string | undefined,
  seq: number | undefined,
  at: string,
): HeartbeatEvidence {
  return {
    at,
    interval_s: message.interval_s ?? defaultHeartbeatIntervalS,
    ...known({
      instance_id,
      seq,
      unheld: message.unheld || undefined,
      waits_because: message.waits_because || undefined,
    }),
  };
}

function withOtherHeartbeat(
  record: AgentRecord,
  message: Heartbeat,
  instance_id: string,
  at: string,
): AgentRecord {
  const run = otherRunOf(record, instance_id);
  const isLate = message.seq !== undefined && message.seq <= (run?.heartbeat?.seq ?? 0);
  if (isLate) return record;
  const next = withOtherRun(
    record,
    {
      ...run,
      instance_id,
      run_started_at: run?.run_started_at ?? at,
      heartbeat: beatOf(message, instance_id, message.seq, at),
      ...said(run?.said, message.status, undefined, "heartbeat", instance_id, at),
    },
    at,
  );
  return { ...next, commands: ordersAfterHeartbeat(next, instance_id, message.session_id, at) };
}

/** Nor does a word count of a run that is over. */
function reduceConnection(record: AgentRecord, connection: ConnectionEvidence): AgentRecord {
  const { connection: known, heartbeat } = record;
  const run = heartbeat?.instance_id;
  if (run !== undefined && run !== connection.instance_id) return withOtherConnection(record, connection);
  const isOtherRun = run !== connection.instance_id;
  if (isLateConnection(known, connection) || (!connection.isUp && isOtherRun)) return record;
  return afterRunEnded({ ...record, connection }, connection.at);
}

function reduceStatus(record: AgentRecord, message: StatusReport, at: string): AgentRecord {
  const { status, instance_id } = message;
  const word = (before: SaidStatus | undefined) =>
    said(before, status, message.message ?? undefined, "status", instance_id, at);
  const run = record.heartbeat?.instance_id;
  if (instance_id !== undefined && run !== undefined && instance_id !== run && !isRunOver(record, at)) {
    const other = otherRunOf(record, instance_id);
    if (isGoodbye(status)) {
      const spoken = { ...seen(record, at), ...word(undefined) };
      const { commands } = withGoodbye(spoken);
      return withoutOtherRun({ ...seen(record, at), commands }, instance_id);
    }
    if (other !== undefined) return seen(withOtherRun(record, { ...other, ...word(other.said) }, at), at);
    if (isRunConnected(record, at)) return seen(record, at);
  }
  const told = { ...seen(record, at), ...task(message.current_task), ...word(record.said) };
  return afterRunEnded(withGoodbye(told), at);
}

/** Applies the last reported status to the orders, if it was a goodbye. */
function withGoodbye(record: AgentRecord): AgentRecord {
  const { said, heartbeat } = record;
  if (said === undefined || !isGoodbye(said.status)) return record;
  const run = said.instance_id ?? heartbeat?.instance_id;
  const how = summaryOf(said.message ?? said.status);
  const commands = ordersAfterGoodbye(record.commands, run, how, said.at);
  return commands === record.commands ? record : { ...record, commands };
}

function reduceAgentEvent(record: AgentRecord, event: AgentEvent, at: string): AgentRecord {
  if (event.kind === "progress") {
    const progress = {
      note: beginningOf(event.detail ?? "", wordsLength),
      at,
      ...known({ percent: event.percent }),
    };
    return { ...record, progress };
  }
  const live = record.heartbeat?.instance_id;
  const isOfLiveRun =
    live !== undefined && event.instance_id === live && record.session?.instance_id !== live;
  if (isLateEvent(record.session, event, isOfLiveRun)) return record;
  const session = reduceSession(record.session, event, at, isOfLiveRun);
  const { usage } = event;
  if (session === record.session && usage === undefined) return record;
  return {
    ...record,
    ...known({ session, usage: usage === undefined ? undefined : mergeUsage(record.usage, usage, at) }),
  };
}

function reduceRequests(record: AgentRecord, open: readonly OpenRequest[]): AgentRecord {
  const { requests: before = [], ...rest } = record;
  const isSame =
    before.length === open.length &&
    open.every(({ request_id }, index) => before[index]?.request_id === request_id);
  if (isSame) return record;
  return open.length === 0 ? rest : { ...rest, requests: open };
}

function said(
  before: SaidStatus | undefined,
  status: string | undefined,
  message: string | undefined,
  source: SaidStatus["source"],
  instance_id: string | undefined,
  at: string,
): { said?: SaidStatus } {
  if (status === undefined) return {};
  const told = message === undefined ? undefined : beginningOf(message, wordsLength);
  const repeated = before?.status === status && (told === undefined || told === before.message);
  const words = told ?? (repeated ? before.message : undefined);
  const reported_at = source === "status" ? at : repeated ? before.reported_at : undefined;
  return {
    said: {
      status,
      at,
      since: repeated ? before.since : at,
      source: repeated ? before.source : source,
      ...known({ message: words, reported_at, instance_id }),
    },
  };
}

/** A receipt with a token belongs to the order with that token only; without one, to the order with that id. */
function reduceReceipt(record: AgentRecord, receipt: Receipt, at: string): AgentRecord {
  const { command_id, token } = receipt;
  const { commands } = record;
  const place = commands.findIndex((command) =>
    token === undefined ? command.command_id === command_id : command.token === token,
  );
  const add = (command: CommandRecord) => withSession(addReceipt(command, receiptEntry(receipt, at)), record);
  const known = commands[place];
  if (known !== undefined) return withCommand(record, place, add(known));
  const namesake = commands.findIndex((command) => command.command_id === command_id);
  // A late receipt of an earlier order with the same id.
  if ((commands[namesake]?.stream_seq ?? 0) > 0) return record;
  // The receipt may be read before its order, because two streams have no common order.
  const unread: CommandRecord = {
    ...namesOf(receipt),
    type: "task",
    from: receipt.task === undefined ? "unknown" : "its launch",
    summary: summaryOf(receipt.task ?? ""),
    stream_seq: 0,
    issued_at: at,
    receipts: [],
  };
  return withCommand(record, namesake, add(unread));
}

/** A second order with a known id and the same type is the same order again. One of another type is another order. */
function withOrder(
  record: AgentRecord,
  event: {
    readonly at: string;
    readonly stream_seq: number;
    readonly message: Command | Shutdown | AgentMessage;
  },
  type: CommandRecord["type"],
  text: string,
  ownId = idFromSequence(event.stream_seq),
): AgentRecord {
  const { at, stream_seq } = event;
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
    ...known({ token }),
    type,
    ...(typeof run === "string" ? { run } : {}),
    from: typeof from === "string" ? from : "unknown",
    summary: summaryOf(text),
    stream_seq,
    issued_at: at,
    ...(typeof expires_at === "string" ? { expires_at } : {}),
    ...(typeof thread === "string" && thread !== id ? { thread } : {}),
    ...(isItsOwn ? known({ taken_by: unread.taken_by, run_ended: unread.run_ended }) : {}),
    receipts: isItsOwn ? unread.receipts : [],
  };
  return withCommand(record, place, addReceipt(order, { state: "stored", at }));
}

/** @param place where it stands among the commands; -1 for one that is new */
function withCommand(record: AgentRecord, place: number, command: CommandRecord): AgentRecord {
  if (record.commands[place] === command) return record;
  const commands = place === -1 ? [...record.commands, command] : record.commands.with(place, command);
  return { ...record, commands: keepPendingAndLast(commands) };
}

/** Keeps all waiting orders, which their stream bounds, and the last ones of those that were taken without an end or are over. */
function keepPendingAndLast(commands: readonly CommandRecord[]): readonly CommandRecord[] {
  const settled = commands.filter(isSettled);
  const open = commands.filter((command) => isTaken(command) && !isSettled(command));
  const dropped = new Set([
    ...allButLast(settled, settledCommandsKept),
    ...allButLast(open, openCommandsKept),
  ]);
  return dropped.size === 0 ? commands : commands.filter((command) => !dropped.has(command));
}

function allButLast<T>(list: readonly T[], kept: number): readonly T[] {
  return list.slice(0, Math.max(0, list.length - kept));
}

function seen(record: AgentRecord, at: string): AgentRecord {
  return record.last_seen !== undefined && record.last_seen >= at ? record : { ...record, last_seen: at };
}

/** `null` or an empty text clears the task; a message that leaves it out leaves it as it was. */
function task(current_task: string | null | undefined): { current_task?: string } {
  return current_task === undefined ? {} : { current_task: beginningOf(current_task ?? "", wordsLength) };
}

/** The fields that have a value. In one loop: a heartbeat has two lists of them, and entries and back take a fifth of its time. */
function known<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const found: { [K in keyof T]?: T[K] } = {};
  for (const name in fields) if (fields[name] !== undefined) found[name] = fields[name];
  return found as { [K in keyof T]?: NonNullable<T[K]> };
}
