// When an agent last did something, which its heartbeats do not tell. Pure.
import type { AgentRecord } from "../agent-record.ts";
import type { AgentView } from "../agent-view.ts";

type Actor = Pick<AgentRecord, "session" | "said" | "progress" | "last_words" | "commands">;

/**
 * The time of the last event of its session, of its last report, or of the last step that it took with an order, RFC 3339; undefined if it has
 * not done anything yet.
 */
export function lastActionOf(agent: Actor): string | undefined {
  const { session, said, progress, last_words, commands } = agent;
  const steps = commands.flatMap(({ receipts }) => receipts.filter(({ state }) => ownSteps.has(state)));
  const times = [
    ...[session?.last_event_at, said?.reported_at, progress?.at, last_words?.at],
    // Without a session, the status in the heartbeats is all that tells what the agent does.
    session === undefined ? said?.since : undefined,
    ...steps.map(({ at }) => at),
  ];
  return times.reduce((last, at) => (at !== undefined && at > (last ?? "") ? at : last), undefined);
}

/** The receipts that show that the agent itself did something. */
const ownSteps: ReadonlySet<string> = new Set(["seen", "applied", "failed", "refused"]);

/** What a list shows the age of, RFC 3339: the agent's last action; of an agent that is away, when it was heard last. */
export function lastSignOf(view: AgentView): string | undefined {
  return view.axes.link.value === "online" ? lastActionOf(view) : view.last_seen;
}

/** After so many intervals without a heartbeat, its age is worth showing. */
const lateIntervals = 2;

/** Since when the agent has not been heard, RFC 3339; undefined while its heartbeats come in time, and if it sends none. */
export function unheardSince({ heartbeat, last_seen }: AgentRecord, now: Date): string | undefined {
  if (heartbeat === undefined || last_seen === undefined) return undefined;
  const ageMs = now.getTime() - Date.parse(last_seen);
  return ageMs > heartbeat.interval_s * lateIntervals * 1_000 ? last_seen : undefined;
}
