// Hears everything that the tested agent reports, and what serve records about it, in the order in which it comes.
import type { MalformedRecord, ToolRecord } from "../../domain/audit/audit.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeFromAgent } from "../../domain/wire/decode.ts";
import {
  type Heartbeat,
  HeartbeatSchema,
  type Receipt,
  ReceiptSchema,
  type StatusReport,
  StatusReportSchema,
} from "../../domain/wire/messages.ts";
import {
  acknowledgedSeq,
  acknowledgementsOf,
  agentSubject,
  auditMalformedSubject,
  auditToolSubject,
} from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { atMost } from "../../waiting.ts";

/** A message, and when it came, by `performance.now()`. */
export interface Heard<T> {
  readonly message: T;
  readonly atMs: number;
}

export interface Hearing {
  readonly heartbeats: readonly Heard<Heartbeat>[];
  readonly statuses: readonly Heard<StatusReport>[];
  readonly receipts: readonly Heard<Receipt>[];
  /** The tool calls that serve has answered. */
  readonly calls: readonly Heard<ToolRecord>[];
  /** The acknowledgements of orders: the sequence in COMMANDS, and what JetStream is told (`+ACK` or nothing for an acknowledgement). */
  readonly acknowledgements: readonly Heard<{ readonly seq: number; readonly word: string }>[];
  /** The messages that serve could not decode. */
  readonly malformed: readonly Heard<MalformedRecord>[];
  /** Resolves with the first truthy value of `look`, which is called at each message and every 100 ms; undefined after `withinMs`. */
  until<T>(look: () => T | Promise<T>, withinMs: number): Promise<T | undefined>;
  stop(): void;
}

const lookEveryMs = 100;

export function startHearing(bus: Bus, id: AgentId): Hearing {
  const heard = {
    heartbeats: [] as Heard<Heartbeat>[],
    statuses: [] as Heard<StatusReport>[],
    receipts: [] as Heard<Receipt>[],
    calls: [] as Heard<ToolRecord>[],
    acknowledgements: [] as Heard<{ readonly seq: number; readonly word: string }>[],
    malformed: [] as Heard<MalformedRecord>[],
  };
  let wake = Promise.withResolvers<void>();
  const listen = <T>(subject: string, list: Heard<T>[], decode: (data: Uint8Array, subject: string) => T) =>
    bus.subscribe(subject, (message) => {
      try {
        list.push({ message: decode(message.data, message.subject), atMs: performance.now() });
      } catch {
        return; // serve records it as malformed, which is heard below
      }
      wake.resolve();
      wake = Promise.withResolvers();
    });
  const text = (data: Uint8Array) => new TextDecoder().decode(data);
  const parse = (data: Uint8Array) => JSON.parse(text(data));
  const endings = [
    listen(agentSubject(id, "heartbeat"), heard.heartbeats, (data) =>
      decodeFromAgent(HeartbeatSchema, data, id),
    ),
    listen(agentSubject(id, "status"), heard.statuses, (data) =>
      decodeFromAgent(StatusReportSchema, data, id),
    ),
    listen(agentSubject(id, "receipt"), heard.receipts, (data) => decodeFromAgent(ReceiptSchema, data, id)),
    listen(acknowledgementsOf(id), heard.acknowledgements, (data, subject) => ({
      seq: acknowledgedSeq(subject) ?? 0,
      word: text(data),
    })),
    listen<ToolRecord>(auditToolSubject(id), heard.calls, parse),
    listen<MalformedRecord>(auditMalformedSubject(id), heard.malformed, parse),
  ];
  return {
    ...heard,
    async until(look, withinMs) {
      const deadline = performance.now() + withinMs;
      for (;;) {
        const { promise } = wake;
        const value = await look();
        if (value) return value;
        if (performance.now() >= deadline) return undefined;
        await atMost(lookEveryMs, promise);
      }
    },
    stop() {
      for (const end of endings) end();
    },
  };
}
