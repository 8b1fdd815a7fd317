// The types of what a running server reads for the pages, the API and the commands: the recorded history, what agents have spent, and what NATS
// says of itself.
import type { Finding } from "../audit/findings.ts";
import type { Verification } from "../audit/verify.ts";
import type { AuditFilter } from "../domain/audit/audit-filter.ts";
import type { AgentBudget } from "../domain/budgets/budget-view.ts";
import type { AgentRecord } from "../domain/fleet/agent-record.ts";
import type { SessionSpending } from "../domain/spending/session-spending.ts";
import type { SpentToday } from "../domain/spending/spent-today.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { NatsServerFacts } from "../nats/accounts/server-facts.ts";
import type { ConsumerLag, StoreState } from "../nats/jetstream/stores.ts";
import type { DroppedForRoom } from "./transcripts/dropped-entries.ts";

export type { ConsumerLag };

/** What NATS and its store say of themselves. */
export interface SystemFacts {
  /** When they were asked, RFC 3339. */
  readonly at: string;
  /** Undefined if this serve has no access to NATS's system account, as with `--nats-url` and `--insecure`. */
  readonly nats: NatsServerFacts | undefined;
  readonly store: StoreState;
  /** What was dropped of the agents' transcripts for want of room, the most first. */
  readonly transcripts_dropped: readonly DroppedForRoom[];
}

/**
 * Asks for one agent (`agent_id`), or for the part of the fleet after an id (`after`); without both, for the first part. `zone` asks for
 * what was spent today in this time zone; the first part has that.
 */
export interface FleetAsk {
  readonly agent_id?: string | undefined;
  readonly after?: string | undefined;
  readonly zone?: string | undefined;
}

export interface FleetAnswer {
  /** The time of the serve that answers. The times in the records are of its clock too. */
  readonly at: Date;
  readonly listeningSince: string;
  readonly records: ReadonlyMap<AgentId, AgentRecord>;
  /** The `after` of the next part; undefined in the last part. */
  readonly next: string | undefined;
  /** The nearest ids, if no agent has the id that was asked for. */
  readonly near: readonly string[];
  /** Undefined if it was not asked for, or if an older serve answers. */
  readonly spentToday: SpentToday | undefined;
  /** The budgets that count for the agent; undefined unless one agent was asked for, or if an older serve answers. */
  readonly budgets: readonly AgentBudget[] | undefined;
}

export interface SpendingReading {
  /** What each session has used, of all agents, also of removed ones. */
  sessions(): readonly SessionSpending[];
  /** Whether all that AUDIT had at the start is included. */
  isComplete(): boolean;
  /** Resolves when what AUDIT had at the start has been read, or cannot be read. */
  readonly read: Promise<void>;
}

/** One record of the stream AUDIT. */
export interface HistoryRecord {
  readonly seq: number;
  /** When it was stored, RFC 3339. */
  readonly at: string;
  readonly subject: string;
  /** The message; its text if it is not JSON. */
  readonly message: unknown;
}

export interface HistoryPage {
  /** Newest first. */
  readonly records: readonly HistoryRecord[];
  /** The records from here on were looked at: the next page is that before this sequence. Undefined if nothing older is kept. */
  readonly older: number | undefined;
  /** Whether the search was given up because it took too long, and goes on with the next page. */
  readonly is_cut: boolean;
  /** On the last page: the time before which retention has removed records, RFC 3339; undefined if it has removed none. */
  readonly trimmed_before: string | undefined;
}

/** Whether the recorded history is as it was signed. */
export interface AuditVerdict extends Verification {
  /** When the verification began, RFC 3339. */
  readonly at: string;
  /** The first 1,000 traces of tampering, in the order of the records. */
  readonly traces: readonly Finding[];
}

export interface HistoryReading {
  /**
   * The newest records that fit the filter.
   * @param options.before only records before this sequence
   * @throws CliaiError if NATS does not answer
   */
  page(
    filter: AuditFilter,
    options: { readonly limit: number; readonly before?: number | undefined },
  ): Promise<HistoryPage>;
  /** The sequence of the newest record that this server knows of; 0 for none. It follows the stream with a short delay. */
  newest(): number;
  /**
   * Calls `isEnough` with the records from a sequence on, oldest first, until it returns true; gives up after about a second.
   * Resolves to the sequence up to which all were looked at: go on after it.
   * @throws CliaiError if NATS does not answer
   */
  after(filter: AuditFilter, from: number, isEnough: (record: HistoryRecord) => boolean): Promise<number>;
}
