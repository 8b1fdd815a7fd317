// This room decides what is known of an agent: events in, record out; and the status that follows from a record.
//
// `reduceAgent(record, event)` returns the agent's next record. It is pure: the time comes with the event. An event that is replayed or
// comes twice changes nothing.
import { definedOf } from "../defined.ts";
import type { Hold } from "../holding/hold.ts";
import type { OpenRequest } from "../requests.ts";
import { commandText, shutdownText } from "../text/order-text.ts";
import { beginningOf, summaryOf } from "../text/summary.ts";
import type { TraceContext } from "../trace/trace-context.ts";
import { mergeUsage } from "../usage.ts";
import type { AgentId } from "../wire/agent-id.ts";
import type { AgentEvent } from "../wire/event-messages.ts";
import type { Heartbeat, Receipt, StatusReport } from "../wire/messages.ts";
import type { AgentMessage, Command, Shutdown } from "../wire/order-messages.ts";
import type { AgentRecord, ConnectionEvidence, SaidStatus, TagChanges } from "./agent-record.ts";
import { isGoodbye } from "./axis/link.ts";
import { reduceHeartbeat } from "./reduce/heartbeats.ts";
import { reduceReceipt, withOrder } from "./reduce/orders.ts";
import { lastWords, said, seen, task, wordsLength } from "./reduce/words.ts";
import { ordersAfterCall, ordersAfterGoodbye } from "./run-end.ts";
import {
  afterRunEnded,
  isLateConnection,
  isRunConnected,
  isRunOver,
  otherRunOf,
  withLostConnections,
  withOtherConnection,
  withOtherRun,
  withoutOtherRun,
} from "./runs.ts";
import { isLateEvent, reduceSession } from "./session.ts";

/** `trace`: the place in a trace that an order names. `at` is RFC 3339 by the server's or the stream's clock; `seq` is the sequence in the stream named beside it. */
export type FleetEvent = { readonly id: AgentId; readonly at: string; readonly trace?: TraceContext } & (
  | { readonly type: "heartbeat"; readonly message: Heartbeat }
  /** nats-server reports that a connection of the agent's host or bridge has come or gone. */
  | { readonly type: "connection"; readonly connection: ConnectionEvidence }
  /** Another nats-server runs now, with this id. */
  | { readonly type: "nats_server"; readonly server: string }
  /** A run of the agent (`instance_id`) asks for the orders that wait. */
  | { readonly type: "call"; readonly run: string }
  | { readonly type: "status"; readonly message: StatusReport; readonly audit_seq: number }
  | { readonly type: "event"; readonly message: AgentEvent; readonly audit_seq: number }
  | { readonly type: "receipt"; readonly message: Receipt; readonly audit_seq: number }
  | { readonly type: "command"; readonly message: Command; readonly stream_seq: number }
  | { readonly type: "shutdown"; readonly message: Shutdown; readonly stream_seq: number }
  | { readonly type: "message"; readonly message: AgentMessage; readonly stream_seq: number }
  /** All open requests of the agent in the bucket `requests`, oldest first. */
  | { readonly type: "requests"; readonly open: readonly OpenRequest[] }
  /** All that holds the agent back by the bucket `holds`, oldest first. */
  | { readonly type: "holds"; readonly holds: readonly Hold[] }
  /** A person has tagged the agent, or has taken tags away. */
  | { readonly type: "tags"; readonly changes: TagChanges }
);

/** Returns the record after an event; the same object if the event changes nothing. */
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
    case "nats_server":
      return withLostConnections(record, event.server);
    case "call": {
      const commands = ordersAfterCall(record, event.run, event.at);
      return commands === record.commands ? record : { ...record, commands };
    }
    case "status":
      return reduceStatus(record, event.message, event.at);
    case "event":
      return reduceAgentEvent(seen(record, event.at), event.message, event.at);
    case "receipt":
      // Apply the goodbye again, because a host or bridge says goodbye before its last receipts are stored.
      return withGoodbye(reduceReceipt(seen(record, event.at), event.message, event.at));
    case "command": {
      const { message } = event;
      // Apply the goodbye again, because an order for a run can be read after that run's goodbye.
      return withGoodbye(withOrder(record, event, message.type, commandText(message), message.command_id));
    }
    case "shutdown": {
      const { message } = event;
      return withGoodbye(withOrder(record, event, "shutdown", shutdownText(message), message.command_id));
    }
    case "message":
      return withOrder(record, event, "message", event.message.text, event.message.message_id);
    case "requests":
      return reduceRequests(record, event.open);
    case "holds":
      return reduceHolds(record, event.holds);
    case "tags":
      return { ...record, tag_changes: event.changes };
  }
}

/** Adds the beginning or the end of a connection to the run that it belongs to. Ignores late reports, and the end of an unknown run's connection. */
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
  const word = (before: SaidStatus | undefined) => {
    const spoken = said(before, status, message.message ?? undefined, "status", instance_id, at);
    const { ended_with } = message;
    if (ended_with === undefined || spoken.said === undefined) return spoken;
    return { said: { ...spoken.said, ended_with } };
  };
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
  const told = {
    ...seen(record, at),
    ...task(record, message.current_task, "status", at),
    ...word(record.said),
  };
  return afterRunEnded(withGoodbye(told), at);
}

/** Applies the last reported status to the orders, if it was a goodbye. */
function withGoodbye(record: AgentRecord): AgentRecord {
  const { said, heartbeat } = record;
  if (said === undefined || !isGoodbye(said.status)) return record;
  const run = said.instance_id ?? heartbeat?.instance_id;
  const how = summaryOf(said.message ?? said.status);
  const isStopped = said.status === "stopped";
  const commands = ordersAfterGoodbye(record.commands, run, { how, at: said.at, isStopped });
  return commands === record.commands ? record : { ...record, commands };
}

function reduceAgentEvent(record: AgentRecord, event: AgentEvent, at: string): AgentRecord {
  if (event.kind === "progress") {
    const progress = {
      note: beginningOf(event.detail ?? "", wordsLength),
      at,
      ...definedOf({ percent: event.percent }),
    };
    return { ...record, progress };
  }
  const live = record.heartbeat?.instance_id;
  const isOfLiveRun =
    live !== undefined && event.instance_id === live && record.session?.instance_id !== live;
  if (isLateEvent(record.session, event, isOfLiveRun)) return record;
  const session = reduceSession(record.session, event, at, isOfLiveRun);
  const { usage } = event;
  const last_words = event.kind === "said" ? lastWords(event.detail ?? "", at) : undefined;
  if (session === record.session && usage === undefined && last_words === undefined) return record;
  return {
    ...record,
    ...definedOf({
      session,
      last_words,
      usage: usage === undefined ? undefined : mergeUsage(record.usage, usage, at, event.instance_id),
    }),
  };
}

function reduceHolds(record: AgentRecord, holds: readonly Hold[]): AgentRecord {
  const { holds: before = [], ...rest } = record;
  if (JSON.stringify(before) === JSON.stringify(holds)) return record;
  return holds.length === 0 ? rest : { ...rest, holds };
}

function reduceRequests(record: AgentRecord, open: readonly OpenRequest[]): AgentRecord {
  const { requests: before = [], ...rest } = record;
  const isSame =
    before.length === open.length &&
    open.every(({ request_id }, index) => before[index]?.request_id === request_id);
  if (isSame) return record;
  return open.length === 0 ? rest : { ...rest, requests: open };
}
