// Leaves out what an agent has told of itself where its CLI has told, too: both mean the same tokens.
import { quarterMs, type SessionSpending } from "./session-spending.ts";

/** A CLI may tell its figures only at the end of a turn, and an agent tells its own during that turn: no turn lasts longer than this. */
const aroundMs = 86_400_000;

/** @param sessions those of one agent */
export function withoutDoubled(sessions: readonly SessionSpending[]): readonly SessionSpending[] {
  const measured = sessions
    // Old sessions that were put together had their effect when that was done.
    .filter(({ is_own, includes }) => !is_own && includes === undefined)
    .map(
      ({ first_at, last_at }) => [Date.parse(first_at) - aroundMs, Date.parse(last_at) + aroundMs] as const,
    );
  if (measured.length === 0 || measured.length === sessions.length) return sessions;
  const isMeasured = (at: number) =>
    measured.some(([fromMs, toMs]) => at * quarterMs >= fromMs && at * quarterMs <= toMs);
  return sessions.flatMap((session) => {
    if (!session.is_own) return session;
    const quarters = session.quarters.filter(({ at }) => !isMeasured(at));
    return quarters.length === 0 ? [] : { ...session, quarters };
  });
}
