// Puts the sessions of an agent that ended long ago together, so that what is kept of it does not grow with each run. The sums stay, and so do
// agent, profile, project and model; of the time, only the day.
import { definedOf } from "../defined.ts";
import { withoutDoubled } from "./own-figures.ts";
import { joined, type Quarter, quarterMs, type SessionSpending } from "./session-spending.ts";

/** Longer than any span of time of which the reports show parts. */
export const oldAfterMs = 92 * 86_400_000;

/** The session of all runs beyond those that are kept apart. */
export const oneMore = "more";
/** The session of the CLI's reports that name no run. */
export const unnamedRun = "unnamed";
/** The name of the session of what an agent tells itself in a run. */
export const ownSessionOf = (run: string | undefined) => `own.${run ?? ""}`;

/** Sessions that no run ends: the next report may add to them after any time. */
const neverOld: ReadonlySet<string> = new Set([oneMore, unnamedRun, ownSessionOf(undefined)]);
const quartersOfDay = 96;

export interface Folding {
  /** The sessions that are new or have changed. */
  readonly changed: readonly SessionSpending[];
  /** The sessions whose sums are in `changed` now. */
  readonly gone: readonly SessionSpending[];
}

/**
 * Undefined if no session is old. The newest one of a run never is: its CLI may be idle, and its next report has the sums from the run's
 * beginning.
 * @param sessions those of one agent
 * @param beforeMs a session whose last report was earlier is old
 */
export function foldOld(sessions: readonly SessionSpending[], beforeMs: number): Folding | undefined {
  const newest = [true, false].map((isOwn) => newestOf(sessions.filter(({ is_own }) => is_own === isOwn)));
  const gone = sessions.filter(
    (each) =>
      each.includes === undefined &&
      !neverOld.has(each.session) &&
      !newest.includes(each) &&
      Date.parse(each.last_at) < beforeMs,
  );
  if (gone.length === 0) return undefined;
  const counted = new Map(withoutDoubled(sessions).map((each) => [each.session, each.quarters]));
  const quartersOf = ({ session }: SessionSpending) => counted.get(session) ?? [];
  // What was left out of these because of a session that is gone now stays left out.
  const trimmed = sessions.flatMap((each) => {
    const quarters = quartersOf(each);
    const isSame = gone.includes(each) || quarters.length === each.quarters.length;
    return isSame ? [] : [{ ...each, quarters }];
  });
  const folded = sessions.filter(({ includes }) => includes !== undefined);
  const changed = new Map<string, SessionSpending>();
  for (const each of gone) {
    const known = [...changed.values(), ...folded].find(
      ({ profile, project }) => profile === each.profile && project === each.project,
    );
    const session = known?.session ?? foldedName(each, [...sessions, ...changed.values()]);
    changed.set(session, joinSession(known, { ...each, session, quarters: quartersOf(each) }, each.session));
  }
  return { changed: [...trimmed, ...changed.values()], gone };
}

/** By profile and project, so that every serve gives it the same name, in whichever order it has the sessions. A run may have any name, this one, too. */
function foldedName({ profile, project }: SessionSpending, sessions: readonly SessionSpending[]): string {
  const used = new Set(sessions.map(({ session }) => session));
  const name = `earlier.${hashOf(JSON.stringify([profile ?? null, project ?? null]))}`;
  if (!used.has(name)) return name;
  for (let n = 1; ; n += 1) if (!used.has(`${name}.${n}`)) return `${name}.${n}`;
}

/** FNV-1a of 64 bits, for a project's path may be longer than a key. */
function hashOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(36);
}

function newestOf(sessions: readonly SessionSpending[]): SessionSpending | undefined {
  const single = sessions.filter(({ includes }) => includes === undefined);
  return single.reduce<SessionSpending | undefined>(
    (newest, each) => (newest === undefined || each.last_at >= newest.last_at ? each : newest),
    undefined,
  );
}

function joinSession(
  known: SessionSpending | undefined,
  more: SessionSpending,
  name: string,
): SessionSpending {
  const { agent_id, session, profile, project, quarters } = more;
  const earlier = known ?? { ...more, quarters: [], includes: [] };
  return {
    ...{ agent_id, session, ...definedOf({ profile, project }), is_own: false, told: {} },
    first_at: earlier.first_at < more.first_at ? earlier.first_at : more.first_at,
    last_at: earlier.last_at > more.last_at ? earlier.last_at : more.last_at,
    audit_seq: Math.max(earlier.audit_seq, more.audit_seq),
    quarters: quarters.reduce(withDay, earlier.quarters),
    includes: [...(earlier.includes ?? []), name],
  };
}

function withDay(days: readonly Quarter[], quarter: Quarter): readonly Quarter[] {
  const day = { ...quarter, at: quarter.at - (quarter.at % quartersOfDay) };
  const index = days.findIndex(({ at, model }) => at === day.at && model === day.model);
  const known = days[index];
  return known === undefined ? [...days, day] : days.with(index, joined(known, day));
}

/** The day of a report, for whoever looks for old sessions once a day. */
export function dayOf(at: string): number {
  return Math.floor(Date.parse(at) / (quartersOfDay * quarterMs));
}
