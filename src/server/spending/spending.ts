// This room keeps what agents have spent: it reads their reports of tokens and cost from AUDIT, and stores the sums of each session.
//
// Applies each report once, in the order of AUDIT: at the start those that the bucket does not have yet, and then those that come. It never
// waits for the past to be read: until then, what comes is kept.
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeFromAgent } from "../../domain/wire/decode.ts";
import { type AgentEvent, AgentEventSchema } from "../../domain/wire/event-messages.ts";
import { everyAgentSubject, parseAgentSubject, streams } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { readStream } from "../../nats/jetstream/read-stream.ts";
import { lastSequence } from "../../nats/jetstream/stream-messages.ts";
import { pause } from "../../waiting.ts";
import type { Lease } from "../lease.ts";
import type { SpendingReading } from "../server-readings.ts";
import { createLedger, type SpendingEvent } from "./ledger.ts";
import { openSpendingStore, whyNotWritten } from "./spending-store.ts";

const writeEveryMs = 10_000;
const readAgainAfterMs = 2_000;

export interface Spending extends SpendingReading {
  /** Takes an event of an agent that AUDIT has stored. Earlier ones than were taken before change nothing. */
  take(event: FleetEvent): void;
  /** AUDIT ends here now: what comes after it is new, under sequences that were taken before. */
  rewind(end: number): void;
  /** Begins to read what AUDIT has beyond the bucket. Call it when the agents' records are there: they have the profiles and projects. */
  start(): void;
  stop(): Promise<void>;
}

export interface SpendingOptions {
  readonly replicas: number;
  readonly lease: Pick<Lease, "isLeader">;
  /** The profile and the project of an agent, as far as they are known. */
  readonly factsOf: (id: AgentId) => {
    readonly profile?: string | undefined;
    readonly project?: string | undefined;
  };
  readonly log: Logger;
}

/** Resolves when the bucket has been read. */
export async function openSpending(bus: Bus, options: SpendingOptions): Promise<Spending> {
  const { lease, log } = options;
  const store = await openSpendingStore(bus, options);
  const ledger = createLedger(store, await lastSequence(bus, streams.audit), options.factsOf);
  const read = Promise.withResolvers<void>();
  let waiting: SpendingEvent[] | undefined = [];
  const stopping = new AbortController();
  const { signal } = stopping;
  const readPast = async () => {
    // What comes from here on has a later sequence than the last one now; what came before is read again.
    waiting = [];
    const lastSeq = await lastSequence(bus, streams.audit);
    for await (const event of readReports(bus, ledger.position() + 1, lastSeq)) {
      if (signal.aborted) return;
      ledger.apply(event);
    }
    ledger.moveTo(lastSeq);
    for (const event of waiting) ledger.apply(event);
    waiting = undefined;
  };
  const readUntilDone = async () => {
    for (let tries = 1; waiting !== undefined && !signal.aborted; tries += 1) {
      try {
        await readPast();
      } catch (error) {
        if (signal.aborted) return;
        const why = `what was spent cannot be read from AUDIT yet: ${messageOf(error)}`;
        if (tries === 1) log.warn(why);
        else log.debug(why);
        read.resolve();
        await pause(readAgainAfterMs, signal);
      }
    }
  };

  let writing: Promise<void> | undefined;
  const flush = async () => {
    await writing;
    if (waiting !== undefined || !lease.isLeader() || !bus.isConnected()) return;
    writing = ledger
      .writeTo(store)
      .catch((error: unknown) => log.debug(whyNotWritten(error)))
      .finally(() => {
        writing = undefined;
      });
    await writing;
  };
  const timer = setInterval(() => void flush(), writeEveryMs);
  return {
    take(event) {
      if (event.type !== "event") return;
      const { id, at, audit_seq, message } = event;
      const taken = { id, at, audit_seq, message };
      if (waiting === undefined) ledger.apply(taken);
      else if (message.usage !== undefined) waiting.push(taken);
    },
    rewind: ledger.rewind,
    sessions: ledger.sessions,
    isComplete: () => waiting === undefined,
    read: read.promise,
    start() {
      void readUntilDone().finally(read.resolve);
    },
    async stop() {
      stopping.abort();
      clearInterval(timer);
      await flush();
    },
  };
}

/** The reports of usage in AUDIT from one sequence to another. */
async function* readReports(bus: Bus, from: number, to: number): AsyncGenerator<SpendingEvent, void> {
  if (from > to) return;
  const subjects = [everyAgentSubject("event")];
  for await (const { subject, data, at, seq } of readStream(bus, { stream: streams.audit, subjects, from })) {
    if (seq > to) return;
    const id = parseAgentSubject(subject)?.id;
    const message = id && decoded(data, id);
    if (id !== undefined && message?.usage !== undefined) yield { id, at, audit_seq: seq, message };
  }
}

/** Undefined for a malformed event, which the projector counts. */
function decoded(data: Uint8Array, id: AgentId): AgentEvent | undefined {
  try {
    return decodeFromAgent(AgentEventSchema, data, id);
  } catch {
    return undefined;
  }
}
