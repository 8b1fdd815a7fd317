// What agents have spent since the day began in a time zone, as serve tells it to the commands, and the words for it.
import { costText, tokensText } from "../usage.ts";
import { dayStartMs } from "./days.ts";
import type { SessionSpending } from "./session-spending.ts";
import { groupsOf, type Spent } from "./spending-report.ts";

export interface SpentByAgent {
  readonly agent_id: string;
  readonly tokens: number;
  /** US dollars; absent if nobody has told a cost. */
  readonly cost?: number | undefined;
}

/** What each agent has spent today, also those that were removed. */
export interface SpentToday {
  /** False while serve still reads what AUDIT had when it started: then there may be more. */
  readonly is_complete: boolean;
  readonly agents: readonly SpentByAgent[];
}

export function spentTodayOf(
  sessions: readonly SessionSpending[],
  now: Date,
  zone: string,
): SpentToday["agents"] {
  const span = { fromMs: dayStartMs(now.getTime(), zone), toMs: Number.POSITIVE_INFINITY };
  return groupsOf(sessions, span, "agent").map(({ name, tokens, cost }) => ({
    agent_id: name,
    tokens,
    ...(cost === undefined ? {} : { cost }),
  }));
}

/** @param ids only what these agents have spent */
export function sumOfToday({ agents }: SpentToday, ids?: ReadonlySet<string>): Spent {
  const counted = ids === undefined ? agents : agents.filter(({ agent_id }) => ids.has(agent_id));
  const costs = counted.flatMap(({ cost }) => cost ?? []);
  return {
    tokens: counted.reduce((sum, { tokens }) => sum + tokens, 0),
    cost: costs.length === 0 ? undefined : costs.reduce((sum, cost) => sum + cost, 0),
    agents: counted.length,
    told: costs.length,
  };
}

/** `$4.10 today`; the tokens if no cost is known; undefined if nothing was spent. */
export function todayText({ cost, tokens, agents }: Spent): string | undefined {
  if (agents === 0) return undefined;
  return `${cost === undefined ? `${tokensText(tokens)} tokens` : costText(cost)} today`;
}
