// This room decides what agents have spent: sums for each session, by quarters of an hour, and the reports that are made of them.
//
// Adds a report of tokens and cost to what is known of a session. Reports are sums since the session began, so only what a report has more
// than the one before it is spent anew. What was spent is never taken back: when the sums begin at 0 again, they count from there.
// Only what an agent has told of itself is left out where its CLI tells it, too: see own-figures.ts.
import { definedOf } from "../defined.ts";
import type { Usage } from "../wire/event-messages.ts";

/** A quarter of an hour, because the days of every time zone begin with one. */
export const quarterMs = 900_000;

/** What one model has used in one quarter of an hour. */
export interface Quarter {
  /** The number of the quarter since 1970. */
  readonly at: number;
  /** Absent if it was not told. */
  readonly model?: string;
  readonly tokens: number;
  /** US dollars; absent if none was told: an unknown cost is not 0. */
  readonly cost?: number;
}

type Sums = Pick<Usage, "tokens_used" | "estimated_cost">;

/** One run of an agent's CLI; or what an agent reports itself. */
export interface SessionSpending {
  readonly agent_id: string;
  readonly session: string;
  readonly profile?: string;
  readonly project?: string;
  /** Whether the figures are the agent's own, and not its CLI's. */
  readonly is_own: boolean;
  readonly first_at: string;
  readonly last_at: string;
  /** The sums that were reported last; of a figure that fell a little, the higher one. */
  readonly told: Sums;
  /** The tokens since the cost was told last; absent if there are none, or if no cost was told yet. */
  readonly uncosted_tokens?: number;
  /** The number of the last report, with which late and repeated ones are recognised. */
  readonly generation?: number;
  readonly seq?: number;
  /** The sequence in AUDIT of the last report that is included. */
  readonly audit_seq: number;
  /** Oldest first. */
  readonly quarters: readonly Quarter[];
  /** Set if it has the sums of several old sessions: the names of those that may still be stored, too. */
  readonly includes?: readonly string[];
}

export interface SpendingReport {
  readonly agent_id: string;
  readonly session: string;
  /** RFC 3339, by the stream's clock. */
  readonly at: string;
  readonly audit_seq: number;
  readonly usage: Usage;
  readonly generation?: number | undefined;
  readonly seq?: number | undefined;
  readonly profile?: string | undefined;
  readonly project?: string | undefined;
}

/** A report that only tells that the session is there is told again so much later. */
const toldAgainAfterMs = 3_600_000;
/** A session that works day and night fills so many quarters in 40 days; then its oldest ones are put together. */
const mostQuarters = 3_840;

/** Returns what is known after a report; the same object if the report tells nothing new. */
export function addReport(
  known: SessionSpending | undefined,
  report: SpendingReport,
): SessionSpending | undefined {
  const { usage, at, audit_seq, agent_id, session, generation, seq, profile, project } = report;
  const { tokens_used, estimated_cost, restored_tokens = 0, model } = usage;
  if (tokens_used === undefined && estimated_cost === undefined) return known;
  if (known !== undefined && (audit_seq <= known.audit_seq || isLate(known, report))) return known;
  // What an earlier run has used was counted there. The CLI does not tell the restored cost, so it is estimated by the share of the tokens.
  const restoredShare = tokens_used === undefined || tokens_used === 0 ? 0 : restored_tokens / tokens_used;
  const before: Sums = known?.told ?? {
    tokens_used: restored_tokens,
    estimated_cost: (estimated_cost ?? 0) * Math.min(1, restoredShare),
  };
  const tokens = stepOf(before.tokens_used, tokens_used);
  const cost = stepOf(before.estimated_cost, estimated_cost);
  const spent = { at: Math.floor(Date.parse(at) / quarterMs), ...definedOf({ model }) };
  const isCostKnown = (cost?.told ?? known?.told.estimated_cost) !== undefined;
  const uncosted =
    cost === undefined && isCostKnown ? (known?.uncosted_tokens ?? 0) + (tokens?.more ?? 0) : 0;
  const after: SessionSpending = {
    agent_id,
    session,
    is_own: usage.source === undefined,
    first_at: known?.first_at ?? at,
    last_at: at,
    ...definedOf({
      profile: profile ?? known?.profile,
      project: project ?? known?.project,
      generation: generation ?? known?.generation,
      seq: seq ?? known?.seq,
    }),
    told: definedOf({
      tokens_used: tokens?.told ?? known?.told.tokens_used,
      estimated_cost: cost?.told ?? known?.told.estimated_cost,
    }),
    ...(uncosted > 0 ? { uncosted_tokens: uncosted } : {}),
    audit_seq,
    quarters: withQuarter(known?.quarters ?? [], {
      ...spent,
      tokens: tokens?.more ?? 0,
      ...definedOf({ cost: cost?.more }),
    }),
  };
  return known !== undefined && isSame(known, after) ? known : after;
}

/** Whether a report has told nothing that is worth being stored. A late report is then recognised by its sums, which are no more than those. */
function isSame(known: SessionSpending, after: SessionSpending): boolean {
  return (
    known.quarters === after.quarters &&
    known.told.tokens_used === after.told.tokens_used &&
    known.told.estimated_cost === after.told.estimated_cost &&
    known.uncosted_tokens === after.uncosted_tokens &&
    known.profile === after.profile &&
    known.project === after.project &&
    known.generation === after.generation &&
    Date.parse(after.last_at) - Date.parse(known.last_at) < toldAgainAfterMs
  );
}

/** The sum of all quarters. */
export function totalOf({ quarters }: Pick<SessionSpending, "quarters">): Pick<Quarter, "tokens" | "cost"> {
  return quarters.reduce<Quarter>(joined, { at: 0, tokens: 0 });
}

function isLate({ generation, seq }: SessionSpending, report: SpendingReport): boolean {
  if (generation === undefined || seq === undefined) return false;
  if (report.generation === undefined || report.seq === undefined) return false;
  return report.generation < generation || (report.generation === generation && report.seq <= seq);
}

/**
 * What a reported sum has more than the one before it. A sum of less than half begins at 0 again, as after a new conversation; one that fell
 * a little is a better estimate of the same, and nothing new.
 */
function stepOf(
  before: number | undefined,
  now: number | undefined,
): { readonly more: number; readonly told: number } | undefined {
  if (now === undefined) return undefined;
  if (before === undefined || now < before / 2) return { more: now, told: now };
  return { more: Math.max(0, now - before), told: Math.max(now, before) };
}

function withQuarter(quarters: readonly Quarter[], more: Quarter): readonly Quarter[] {
  if (quarters.length > 0 && more.tokens === 0 && (more.cost ?? 0) === 0) return quarters;
  const index = quarters.findLastIndex(({ at, model }) => at === more.at && model === more.model);
  const known = quarters[index];
  if (known !== undefined) return quarters.with(index, joined(known, more));
  const after = quarters.findLastIndex(({ at }) => at <= more.at) + 1;
  return shortened(quarters.toSpliced(after, 0, more));
}

/** The sum of both, at the time and of the model of the first. */
export function joined(one: Quarter, other: Quarter): Quarter {
  const cost =
    one.cost === undefined && other.cost === undefined ? undefined : (one.cost ?? 0) + (other.cost ?? 0);
  return { ...one, tokens: one.tokens + other.tokens, ...definedOf({ cost }) };
}

function shortened(quarters: readonly Quarter[]): readonly Quarter[] {
  const [first, second, ...rest] = quarters;
  if (quarters.length <= mostQuarters || first === undefined || second === undefined) return quarters;
  return [joined(second, first), ...rest];
}
