// The launches that have begun, but whose sessions are not known yet: what serve stores about them, and how it finds out the session.
import type { LaunchedAgents, Launching } from "../../../data-dir/launched-agents.ts";
import { definedOf } from "../../../domain/defined.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import type { Logger } from "../../../log.ts";

/** Logs an error that nobody awaits, because an unhandled one would end this serve. */
export function warnOf(id: AgentId, log: Logger): (error: unknown) => void {
  return (error) => log.warn(`${id}: ${messageOf(error)}`);
}

/** The facts by which {@link sessionOf} tells the session of a launch apart from the agent's last session. */
export function beginningOf(
  { resumes }: { readonly resumes?: string | undefined },
  view: AgentView | undefined,
  now: Date,
): Pick<Launching, "since" | "session_before" | "run_before"> {
  const session_before = resumes === undefined ? view?.session_id : undefined;
  return { since: now.toISOString(), ...definedOf({ session_before }), run_before: runOf(view) };
}

/** The agent's run that was heard last; "" if none was. */
export function runOf(view: AgentView | undefined): string {
  return view?.heartbeat?.instance_id ?? "";
}

/** Whether the run of the launch was heard, and not only one from before. Only for a launch of 0.2.0 the clock decides. */
export function hasRunOf(
  view: AgentView | undefined,
  { since, run_before }: Pick<Launching, "since" | "run_before">,
): boolean {
  const run = runOf(view);
  const isLater = (view?.run_started_at ?? "") >= since;
  return run_before === undefined || run === "" ? isLater : run !== run_before;
}

/** The id of the session that the launch has opened; undefined as long as only the agent's session from before is known. */
export function sessionOf(
  view: AgentView | undefined,
  launch: Pick<Launching, "since" | "session_before" | "run_before">,
): string | undefined {
  const { session_id, session, heartbeat } = view ?? {};
  const { session_before } = launch;
  if (!hasRunOf(view, launch)) return undefined;
  // If the new run's CLI itself reports the last session, it goes on in that session, for example because of the arguments passed on to it.
  const isTold = session?.session_id === session_id && session?.instance_id === heartbeat?.instance_id;
  return session_id === session_before && !isTold ? undefined : session_id;
}

/** @throws CliaiError `interrupted` if this serve is ending: a child that it starts now would be left running */
export function requireGoingOn(id: AgentId, stopping: AbortSignal): void {
  if (stopping.aborted) throw new CliaiError("interrupted", `cannot launch ${id}: the server is ending`);
}

/** Stores each launch until it has failed or its session is known, so that the next serve takes it up if this one is killed before that. */
export function keepNotes(launching: LaunchedAgents["launching"], log: Logger, stopping: AbortSignal) {
  /** The agents whose launches are being stored now. Their child processes start after that. */
  const noting = new Set<AgentId>();
  const forget = (id: AgentId) => launching.forget(id).catch(warnOf(id, log));
  /** @throws CliaiError `interrupted` if this serve has begun to end meanwhile; then nothing is stored */
  const keep = async (id: AgentId, launch: Launching) => {
    const { profile, project, since, session_before, run_before } = launch;
    noting.add(id);
    try {
      const more = definedOf({ session_before, run_before });
      await launching.remember(id, { profile, project, since, ...more });
    } catch (error) {
      log.warn(`${id} is not taken up if this server is killed before it has started: ${messageOf(error)}`);
    } finally {
      noting.delete(id);
    }
    if (stopping.aborted) await forget(id);
    requireGoingOn(id, stopping);
  };
  return { noting, keep, forget };
}
