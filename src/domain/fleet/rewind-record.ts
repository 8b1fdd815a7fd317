// Adapts a record to a stream that has lost its end. nats-server gives the lost sequences to new messages, so the record must count from the
// new end. Otherwise it would take the new messages for ones that it includes already.
import { type CommandRecord, isWaiting } from "../receipts.ts";
import type { AgentRecord } from "./agent-record.ts";

/** The last sequence of each stream, as it is now. */
export interface StreamEnds {
  readonly audit: number;
  readonly commands: number;
}

export interface Rewound {
  readonly record: AgentRecord;
  /** The orders that waited for the agent and are no longer in the stream. */
  readonly lost: readonly CommandRecord[];
}

/** Returns the same record if none of its sequences is beyond the ends. */
export function rewindRecord(record: AgentRecord, ends: StreamEnds): Rewound {
  if (record.audit_seq <= ends.audit && record.commands_seq <= ends.commands) return { record, lost: [] };
  const isGone = ({ stream_seq }: CommandRecord) => stream_seq > ends.commands;
  return {
    record: {
      ...record,
      audit_seq: Math.min(record.audit_seq, ends.audit),
      commands_seq: Math.min(record.commands_seq, ends.commands),
      commands: record.commands.map((command) => (isGone(command) ? { ...command, stream_seq: 0 } : command)),
    },
    lost: record.commands.filter((command) => isGone(command) && isWaiting(command)),
  };
}
