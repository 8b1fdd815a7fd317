// Reads what agents report and what they are told, and decodes it into fleet events. Heartbeats come directly from NATS. The rest comes
// from the streams, from where the last run stopped, so that the state is the same after a restart as before it.

import type { MalformedMessage } from "../../audit/records.ts";
import { definedOf } from "../../domain/defined.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { createRepeatedDecoder, decodeFromAgent, decodeMessage } from "../../domain/wire/decode.ts";
import { decodeOrder } from "../../domain/wire/decode-order.ts";
import { AgentEventSchema } from "../../domain/wire/event-messages.ts";
import * as messages from "../../domain/wire/messages.ts";
import {
  type AgentReportTopic,
  agentSubject,
  everyAgentSubject,
  parseAgentSubject,
  requireAgentSubject,
  streams,
} from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { type Following, followStream, type StreamMessage } from "../../nats/jetstream/follow.ts";
import { readLastMessage, readStream } from "../../nats/jetstream/read-stream.ts";
import { lastSequence } from "../../nats/jetstream/stream-messages.ts";
import { atMost } from "../../waiting.ts";
import { firstMissedOrder, readMissedReports } from "../inbox/missed.ts";
import type { Cursor } from "./fleet-store.ts";
import type { ReadPosition } from "./read-position.ts";

/** How many messages of AUDIT are read again at a start, to fill the timelines. They do not change the agents' records. */
const timelineReplay = 5_000;
export const catchUpWithinMs = 2_000;
/** After this time, messages that were on their way have arrived. */
const lookAfterMs = 50;
/** The subjects of AUDIT that are projected; the decoder refuses invalid ids. */
const reportSubject = /^agent\..*\.(status|event|receipt)$/;

export interface Projector {
  /**
   * Waits until all orders, and the agent's receipts, that are stored by now have been applied. Resolves with the sequence of the last of
   * these receipts, 0 if there is none; with undefined if not all were applied within 2 s.
   */
  catchUp(id: AgentId): Promise<number | undefined>;
  /** Like `catchUp`, but also waits for the agent's statuses and events, and does not tell whether the 2 s were enough. */
  catchUpAll(id: AgentId): Promise<void>;
  stop(): Promise<void>;
}

export interface ProjectorOptions {
  /** How far the streams have been read; moved on with each message. */
  readonly position: ReadPosition;
  readonly recordOf: (id: AgentId) => AgentRecord | undefined;
  readonly onEvent: (event: FleetEvent) => void;
  /** Called with each message that cannot be decoded, the first time that it is read. */
  readonly onMalformed: (message: MalformedMessage) => void;
  /** Called when AUDIT ends before what was read of it. What comes after that `end` is applied next. */
  readonly onRewound: (end: number) => void;
  /** Called with the sequence in COMMANDS of an order that cannot be decoded. */
  readonly onUnusableOrder: (seq: number) => void;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Resolves when the streams have been read to their end. */
export async function startProjector(bus: Bus, options: ProjectorOptions): Promise<Projector> {
  const { position, recordOf, onUnusableOrder, onRewound, now, log } = options;
  const from = position.cursor();
  /** What cannot be decoded up to here was told before. */
  let knownTo = from.audit_seq;
  const { advance } = position;

  const take = createTake(options);
  const decodeRepeated = createRepeatedDecoder(messages.HeartbeatSchema);
  const unsubscribe = bus.subscribe(everyAgentSubject("heartbeat"), ({ subject, data }) =>
    take(subject, data, () => decodeHeartbeat(subject, data, now(), decodeRepeated)),
  );
  const lastCommand = await lastSequence(bus, streams.commands);
  const commands = followStream(bus, {
    stream: streams.commands,
    from: await firstMissedOrder(bus, recordOf, from.commands_seq + 1),
    log,
    onMessage: (message) => {
      const isKnown = message.seq <= from.commands_seq;
      // Remove it, because it would wait for ever and count against the limit of the agent's waiting orders.
      if (!take(message.subject, message.data, () => orderEvent(message), isKnown))
        onUnusableOrder(message.seq);
      advance({ commands_seq: message.seq });
    },
  });
  // Read orders before receipts, because only a few receipts of unknown orders are kept.
  await commands.caughtUp;
  // The last orders may have been removed from the stream.
  advance({ commands_seq: lastCommand });
  const lastAudit = await lastSequence(bus, streams.audit);
  const auditFrom = Math.min(from.audit_seq + 1, Math.max(1, lastAudit - timelineReplay));
  for await (const message of readMissedReports(bus, recordOf, auditFrom))
    take(message.subject, message.data, () => decodeReport(message), true);
  const audit = followStream(bus, {
    stream: streams.audit,
    // Read all subjects: with three filters nats-server 2.15 takes 24 times as long (11.6 s for 100,000 records instead of 0.5 s).
    from: auditFrom,
    log,
    onMessage: (message) => {
      if (reportSubject.test(message.subject))
        take(message.subject, message.data, () => decodeReport(message), message.seq <= knownTo);
      advance({ audit_seq: message.seq });
    },
    onRewound(end) {
      knownTo = Math.min(knownTo, end);
      onRewound(end);
      position.rewindAudit(end);
    },
  });
  await audit.caughtUp;

  /** Resolves with whether all orders and AUDIT up to `seq` have been applied; false after 2 s. */
  const reach = async (seq: number, command: number): Promise<boolean> => {
    const isAllRead = (cursor: Cursor) => cursor.commands_seq >= command && cursor.audit_seq >= seq;
    const reached = position.reached(isAllRead);
    const look = setTimeout(async () => {
      const isRead = await isReadTo(bus, position.cursor().commands_seq, command).catch(() => false); // `reach` then ends by its timeout
      if (isRead) advance({ commands_seq: command });
    }, lookAfterMs);
    await atMost(catchUpWithinMs, reached.done);
    clearTimeout(look);
    reached.forget();
    return isAllRead(position.cursor());
  };
  const lastReport = async (id: AgentId, topic: AgentReportTopic): Promise<number> =>
    (await readLastMessage(bus, streams.audit, agentSubject(id, topic)))?.seq ?? 0;
  const lastOrder = () => lastSequence(bus, streams.commands);

  return {
    catchUp: async (id) => {
      const [command, receipt] = await Promise.all([lastOrder(), lastReport(id, "receipt")]);
      return (await reach(receipt, command)) ? receipt : undefined;
    },
    catchUpAll: async (id) => {
      const reports = (["receipt", "status", "event"] as const).map((topic) => lastReport(id, topic));
      const [command, ...seqs] = await Promise.all([lastOrder(), ...reports]);
      await reach(Math.max(...seqs), command);
    },
    stop: async () => {
      unsubscribe();
      await stopAll(audit, commands);
    },
  };
}

/** Decodes a message and applies its event. Returns whether it could be decoded. Never throws, so that what comes after it is applied. */
type Take = (
  subject: string,
  data: Uint8Array,
  decode: () => FleetEvent | undefined,
  isKnown?: boolean,
) => boolean;

function createTake({
  onEvent,
  onMalformed,
  log,
}: Pick<ProjectorOptions, "onEvent" | "onMalformed" | "log">): Take {
  return (subject, data, decode, isKnown = false) => {
    let event: FleetEvent | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      event = decode();
    } catch (error) {
      failure = { error };
    }
    try {
      if (event !== undefined) onEvent(event);
      if (failure !== undefined && !isKnown)
        onMalformed({ subject, data, ...failure, id: parseAgentSubject(subject)?.id });
    } catch (error) {
      log.error(`an event of ${subject} cannot be applied: ${messageOf(error)}`);
    }
    return failure === undefined;
  };
}

/** Whether all orders up to `seq` have been read. Also true if the orders after `readTo` were removed from the stream meanwhile. */
async function isReadTo(bus: Bus, readTo: number, seq: number): Promise<boolean> {
  for await (const next of readStream(bus, { stream: streams.commands, from: readTo + 1 }))
    return next.seq > seq;
  return true;
}

async function stopAll(...followings: Following[]): Promise<void> {
  await Promise.all(followings.map((following) => following.stop()));
}

/** The fields that show that a message is a heartbeat. Not `seq`, because JetStream's answers have it too. */
const heartbeatFields = Object.keys(messages.HeartbeatSchema.entries).filter(
  (name) => name !== "seq" && name !== "agent_id",
) as (keyof messages.Heartbeat)[];

type DecodeRepeated = ReturnType<typeof createRepeatedDecoder<typeof messages.HeartbeatSchema>>;

function decodeHeartbeat(subject: string, data: Uint8Array, now: Date, decode: DecodeRepeated): FleetEvent {
  const { id } = requireAgentSubject(subject);
  const message = decode(data, id);
  refuseStrayAnswer(subject, message, data);
  return { type: "heartbeat", id, at: now.toISOString(), message };
}

/**
 * Refuses an answer of NATS on an agent's heartbeat subject. NATS answers on any reply subject that a client names, so a client can send
 * an acknowledgement there, which is not a heartbeat.
 */
function refuseStrayAnswer(subject: string, message: messages.Heartbeat, data: Uint8Array): void {
  if (heartbeatFields.some((name) => message[name] !== undefined)) return;
  // A message that names its agent, and an empty one, are minimal heartbeats.
  const said = Object.keys(decodeMessage(messages.HeartbeatSchema, data));
  if (said.length === 0 || said.includes("agent_id")) return;
  throw new CliaiError("refused", `a stray reply arrived on ${subject}: it is not a heartbeat`);
}

function decodeReport({ subject, data, at, seq }: StreamMessage): FleetEvent | undefined {
  const { id, topic } = requireAgentSubject(subject);
  const facts = { id, at, audit_seq: seq };
  switch (topic) {
    case "status":
      return { ...facts, type: topic, message: decodeFromAgent(messages.StatusReportSchema, data, id) };
    case "event":
      return { ...facts, type: topic, message: decodeFromAgent(AgentEventSchema, data, id) };
    case "receipt":
      return { ...facts, type: topic, message: decodeFromAgent(messages.ReceiptSchema, data, id) };
    default:
      return undefined;
  }
}

function orderEvent(message: StreamMessage): FleetEvent | undefined {
  const order = decodeOrder(message);
  return (
    order && { ...order, at: message.at, stream_seq: message.seq, ...definedOf({ trace: message.trace }) }
  );
}
