// This room decides what holds an agent back: which holds stand, and which orders follow from them. Pure.
//
// A hold keeps an agent from its next tool call until it is let go. Serve pauses an agent on which a hold stands, and resumes it when the last
// one is gone.
import * as v from "valibot";

const holdReasons = ["usage_limit", "budget", "watchdog"] as const;
export type HoldReason = (typeof holdReasons)[number];

const holdFields = {
  reason: v.picklist(holdReasons),
  /** Which account, budget line or watch it comes from. An agent has at most one hold of a reason and source. */
  source: v.string(),
  /** Why, for a person, without the time: `usage limit`. */
  words: v.string(),
  /** When it ends by itself, RFC 3339; absent if somebody has to let it go. */
  until: v.exactOptional(v.string()),
  /**
   * What it is about, such as the time of a reset or the amount of a budget. If a person has overridden a hold, no other of the same reason,
   * source and cause stands on that agent. Default: `until`.
   */
  cause: v.exactOptional(v.string()),
};

export const HoldSchema = v.object({
  ...holdFields,
  /** RFC 3339. */
  since: v.string(),
  /** The last order of the agent that was known then, by its sequence in COMMANDS. A person's resume after it overrides the hold. */
  after_seq: v.number(),
});
export type Hold = Readonly<v.InferOutput<typeof HoldSchema>>;
/** A hold as whoever holds an agent names it. */
export type NewHold = Omit<Hold, "since" | "after_seq">;

/** What the bucket `holds` has of an agent. */
export const AgentHoldsSchema = v.object({
  /** Those that stand, the oldest first. */
  holds: v.pipe(v.array(HoldSchema), v.readonly()),
  /** Those that a person has overridden. They hold nothing, and keep the same from coming again. */
  overridden: v.pipe(v.array(HoldSchema), v.readonly()),
});
export type AgentHolds = Readonly<v.InferOutput<typeof AgentHoldsSchema>>;

export const noHolds: AgentHolds = { holds: [], overridden: [] };

/** Who gives the orders that follow from holds: the program itself. */
export const holderName = "cliai";
const orderPrefix = "hold-";

/** The id of an order that follows from holds. @param unique unique among all such orders */
export function holdOrderId(unique: string): string {
  return orderPrefix + unique;
}

export function isHoldOrder({
  command_id,
  from,
}: {
  readonly command_id: string;
  readonly from: string;
}): boolean {
  return from === holderName && command_id.startsWith(orderPrefix);
}

/** So many of the overridden holds are remembered, the newest. */
const overriddenKept = 20;

type Names = Pick<Hold, "reason" | "source">;

/**
 * The state with the hold, in place of an older one of its reason and source; the same state if nothing changes. A hold that is overridden stays so,
 * until its new end, unless it was over before.
 */
export function withHold(state: AgentHolds, hold: Hold): AgentHolds {
  const overridden = state.overridden.find(
    (each) => isSameHold(each, hold) && causeOf(each) === causeOf(hold),
  );
  if (overridden !== undefined) {
    const isOver = overridden.until !== undefined && overridden.until <= hold.since;
    if (isOver || overridden.until === hold.until) return state;
    return { ...state, overridden: state.overridden.with(state.overridden.indexOf(overridden), hold) };
  }
  const place = state.holds.findIndex((each) => isSameHold(each, hold));
  const before = state.holds[place];
  if (before === undefined) return { ...state, holds: [...state.holds, hold] };
  const { since, after_seq } = before;
  const next = { ...hold, since, after_seq };
  if (JSON.stringify(sorted(next)) === JSON.stringify(sorted(before))) return state;
  return { ...state, holds: state.holds.with(place, next) };
}

/** The state without the hold, overridden or not; the same state if there is none. */
export function withoutHold(state: AgentHolds, names: Names): AgentHolds {
  return keptOf(state, (hold) => !isSameHold(hold, names));
}

/** The state without the holds that have ended by themselves; the same state if there is none. */
export function withoutOver(state: AgentHolds, now: Date): AgentHolds {
  return keptOf(state, ({ until }) => until === undefined || Date.parse(until) > now.getTime());
}

/** The state in which these holds are overridden; the same state without any. */
export function withOverridden(state: AgentHolds, holds: readonly Hold[]): AgentHolds {
  const lifted = state.holds.filter((hold) => holds.some((each) => isSameHold(each, hold)));
  if (lifted.length === 0) return state;
  return {
    holds: state.holds.filter((hold) => !lifted.includes(hold)),
    overridden: [...state.overridden, ...lifted].slice(-overriddenKept),
  };
}

export function isEmpty({ holds, overridden }: AgentHolds): boolean {
  return holds.length === 0 && overridden.length === 0;
}

/** Why the agent is held, for a person: `usage limit; budget of $5 a day`. */
export function holdWords(holds: readonly Pick<Hold, "words">[]): string {
  return [...new Set(holds.map(({ words }) => words))].join("; ");
}

/** Whether one of the holds is about what the agent's model uses: then its queue waits as well, because each text asks the model once more. */
export function keepsTexts(holds: readonly Pick<Hold, "reason">[]): boolean {
  return holds.some(({ reason }) => reason === "usage_limit" || reason === "budget");
}

/** When the last of the holds ends by itself; undefined if one of them does not. */
export function heldUntil(holds: readonly Pick<Hold, "until">[]): string | undefined {
  const ends = holds.map(({ until }) => until);
  return ends.includes(undefined) ? undefined : ends.sort().at(-1);
}

/** Whether two holds have the same reason and source. */
export function isSameHold(one: Names, other: Names): boolean {
  return one.reason === other.reason && one.source === other.source;
}

/** Whether one of the holds has the same reason, source and cause: then there is nothing to hold anew. */
export function isHoldKnown(holds: readonly Hold[], hold: NewHold): boolean {
  return holds.some((each) => isSameHold(each, hold) && causeOf(each) === causeOf(hold));
}

function causeOf({ cause, until }: NewHold): string | undefined {
  return cause ?? until;
}

function keptOf(state: AgentHolds, isKept: (hold: Hold) => boolean): AgentHolds {
  const holds = state.holds.filter(isKept);
  const overridden = state.overridden.filter(isKept);
  const isAll = holds.length === state.holds.length && overridden.length === state.overridden.length;
  return isAll ? state : { holds, overridden };
}

function sorted(hold: Hold): readonly unknown[] {
  return Object.entries(hold).sort(([one], [other]) => (one < other ? -1 : 1));
}
