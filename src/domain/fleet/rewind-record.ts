// Adapts a record to a stream that has lost its end. nats-server gives the lost sequences to new messages, so the record must count from the
// new end. Otherwise it would take the new messages for ones that it includes already.
import { type CommandRecord, isLost, isToBeKept } from "../receipts.ts";
import type { AgentRecord } from "./agent-record.ts";

/** The last sequence of each stream, as it is now. */
export interface StreamEnds {
  readonly audit: number;
  readonly commands: number;
}

export interface Rewound {
  readonly record: AgentRecord;
  /** The orders that wait for the agent and are no longer in the stream, also those that were lost at an earlier start. */
  readonly lost: readonly CommandRecord[];
}

/**
 * Marks the orders that are gone, because this serve may end before it has ended them. Returns the same record if none of its sequences is
 * beyond the ends.
 */
export function rewindRecord(record: AgentRecord, ends: StreamEnds): Rewound {
  const rewound = rewoundTo(record, ends);
  return { record: rewound, lost: rewound.commands.filter(isLost) };
}

function rewoundTo(record: AgentRecord, ends: StreamEnds): AgentRecord {
  if (record.audit_seq <= ends.audit && record.commands_seq <= ends.commands) return record;
  const rewind = (command: CommandRecord): CommandRecord => {
    if (command.stream_seq <= ends.commands) return command;
    return { ...command, stream_seq: 0, ...(isToBeKept(command) ? { is_lost: true } : {}) };
  };
  return {
    ...record,
    audit_seq: Math.min(record.audit_seq, ends.audit),
    commands_seq: Math.min(record.commands_seq, ends.commands),
    commands: record.commands.map(rewind),
  };
}
