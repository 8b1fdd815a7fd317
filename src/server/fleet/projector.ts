// Reads what agents report and what they are told, and decodes it into fleet events. Heartbeats come directly from NATS,
// the rest from the streams, from where the last run stopped. So the state after a restart is the state before it.

import type { MalformedMessage } from "../../audit/records.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeFromAgent, decodeMessage } from "../../domain/wire/decode.ts";
import { decodeOrder } from "../../domain/wire/decode-order.ts";
import { AgentEventSchema } from "../../domain/wire/event-messages.ts";
import * as messages from "../../domain/wire/messages.ts";
import {
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
import type { ReadPosition } from "./read-position.ts";

/** How many records of the audit are read again at a start to fill the timelines. Agents' records are not changed by them. */
const timelineReplay = 5_000;
const catchUpWithinMs = 2_000;
/** Messages that are under way have arrived by then. */
const lookAfterMs = 50;
/** The subjects of AUDIT that are projected; the decoder refuses invalid ids. */
const reportSubject = /^agent\..*\.(status|event|receipt)$/;

export interface Projector {
  /** Resolves when all that is stored by now for the agent, and what it has receipted, has been taken in; or after 2 s. */
  catchUp(id: AgentId): Promise<void>;
  stop(): Promise<void>;
}

export interface ProjectorOptions {
  /** From where the streams are read on; moved on with each message that is taken in. */
  readonly position: ReadPosition;
  /** What is known of an agent so far. */
  readonly recordOf: (id: AgentId) => AgentRecord | undefined;
  readonly onEvent: (event: FleetEvent) => void;
  /** A message that could not be understood. */
  readonly onMalformed: (message: MalformedMessage) => void;
  /** An order that cannot be decoded, by its sequence in COMMANDS. */
  readonly onUnusableOrder: (seq: number) => void;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Resolves when all that the streams hold has been taken in. */
export async function startProjector(bus: Bus, options: ProjectorOptions): Promise<Projector> {
  const { position, recordOf, onEvent, onMalformed, onUnusableOrder, now, log } = options;
  const from = position.cursor();
  const { advance } = position;

  /** Whether it could be understood. */
  const take = (
    subject: string,
    data: Uint8Array,
    decode: () => FleetEvent | undefined,
    isKnown = false,
  ): boolean => {
    let event: FleetEvent | undefined;
    try {
      event = decode();
    } catch (error) {
      if (!isKnown) onMalformed({ subject, data, error, id: parseAgentSubject(subject)?.id });
      return false;
    }
    if (event !== undefined) onEvent(event);
    return true;
  };

  const unsubscribe = bus.subscribe(everyAgentSubject("heartbeat"), ({ subject, data }) =>
    take(subject, data, () => decodeHeartbeat(subject, data, now())),
  );
  const lastCommand = await lastSequence(bus, streams.commands);
  const commands = followStream(bus, {
    stream: streams.commands,
    from: await firstMissedOrder(bus, recordOf, from.commands_seq + 1),
    log,
    onMessage: (message) => {
      const isKnown = message.seq <= from.commands_seq;
      // It would wait for ever, and count against the bound on the agent's waiting orders.
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
    // All of it: with three filters nats-server 2.15 takes 24 times as long (11.6 s for 100,000 records, not 0.5 s).
    from: auditFrom,
    log,
    onMessage: (message) => {
      if (reportSubject.test(message.subject))
        take(message.subject, message.data, () => decodeReport(message), message.seq <= from.audit_seq);
      advance({ audit_seq: message.seq });
    },
  });
  await audit.caughtUp;

  return {
    catchUp: async (id) => {
      const [command, receipt] = await Promise.all([
        lastSequence(bus, streams.commands),
        readLastMessage(bus, streams.audit, agentSubject(id, "receipt")),
      ]);
      const reached = position.reached(
        (cursor) => cursor.commands_seq >= command && cursor.audit_seq >= (receipt?.seq ?? 0),
      );
      const look = setTimeout(async () => {
        const isRead = await isReadTo(bus, position.cursor().commands_seq, command).catch(() => false); // looked at as much as can be
        if (isRead) advance({ commands_seq: command });
      }, lookAfterMs);
      await atMost(catchUpWithinMs, reached.done);
      clearTimeout(look);
      reached.forget();
    },
    stop: async () => {
      unsubscribe();
      await stopAll(audit, commands);
    },
  };
}

/** Whether all orders up to a sequence have been read: those between may have been taken out of the stream meanwhile. */
async function isReadTo(bus: Bus, readTo: number, seq: number): Promise<boolean> {
  for await (const next of readStream(bus, { stream: streams.commands, from: readTo + 1 }))
    return next.seq > seq;
  return true;
}

async function stopAll(...followings: Following[]): Promise<void> {
  await Promise.all(followings.map((following) => following.stop()));
}

/** What a heartbeat says of an agent; `seq` alone could be JetStream's. */
const heartbeatFields = Object.keys(messages.HeartbeatSchema.entries).filter(
  (name) => name !== "seq" && name !== "agent_id",
) as (keyof messages.Heartbeat)[];

function decodeHeartbeat(subject: string, data: Uint8Array, now: Date): FleetEvent {
  const { id } = requireAgentSubject(subject);
  const message = decodeFromAgent(messages.HeartbeatSchema, data, id);
  refuseStrayAnswer(subject, message, data);
  return { type: "heartbeat", id, at: now.toISOString(), message };
}

/**
 * NATS answers on whatever subject an asker names for the reply: by that, an acknowledgement or an answer can be made to land
 * on another agent's heartbeat. It is none: it says nothing of an agent.
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
  return order && { ...order, at: message.at, stream_seq: message.seq };
}
