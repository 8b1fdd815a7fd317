// This room watches agents for signs that they get nowhere, as their profiles ask: it raises alerts, and holds those that are to be held.
//
// Looks at an agent with each change, and at all of them every few seconds, because silence is no change. Only the leader acts. Each serve counts
// the failing calls from the events that it reads itself, and the silence of an agent from when it has itself seen it at work, so after a restart both
// are counted anew.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import { isHoldKnown, type NewHold } from "../../domain/holding/hold.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { createFailingCalls, type FailingCalls } from "../../domain/watchdog/failing-calls.ts";
import { type Finding, watchdogFindings } from "../../domain/watchdog/watchdog.ts";
import { createWorkingSpans } from "../../domain/watchdog/working-spans.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Alerts } from "../alerts/alerts.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Lease } from "../lease.ts";
import type { Holding } from "../server-desks.ts";

/** The kinds of alerts: of one that is only told, and of one that also holds the agent. */
const watchdogAlerts = { told: "watchdog", held: "watchdog_held" } as const;

const lookEveryMs = 5_000;

/** The failing calls of each agent, and when a tool of it has last changed a file, as far as this serve has read its events. */
export interface CallBooks {
  take(event: FleetEvent): void;
  of(id: AgentId): FailingCalls | undefined;
  /** In ms since 1970; undefined if no changed file was seen. */
  changedMs(id: AgentId): number | undefined;
  forget(id: AgentId): void;
}

export function createCallBooks(): CallBooks {
  const books = new Map<AgentId, FailingCalls>();
  const changed = new Map<AgentId, number>();
  return {
    take(event) {
      if (event.type !== "event") return;
      const book = books.get(event.id) ?? createFailingCalls();
      books.set(event.id, book);
      book.take(event.message);
      const { kind, files = [] } = event.message;
      if (kind === "tool_end" && files.length > 0) changed.set(event.id, Date.parse(event.at));
    },
    of: (id) => books.get(id),
    changedMs: (id) => changed.get(id),
    forget(id) {
      books.delete(id);
      changed.delete(id);
    },
  };
}

export interface WatchdogOptions {
  readonly fleet: Pick<FleetState, "get" | "list" | "onChange">;
  readonly calls: Pick<CallBooks, "of" | "changedMs" | "forget">;
  readonly alerts: Pick<Alerts, "open" | "raise" | "resolve">;
  readonly holding: Pick<Holding, "hold" | "letGo" | "holdsOf" | "overriddenOf">;
  readonly lease: Pick<Lease, "isLeader">;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Returns the function that ends it. */
export function startWatchdog(options: WatchdogOptions): () => void {
  const { fleet, calls, alerts, holding, lease, now, log } = options;
  const looking = new Set<AgentId>();
  const spans = createWorkingSpans();
  const settle = async (
    id: AgentId,
    view: AgentView | undefined,
    { workingSinceMs }: { readonly workingSinceMs: number | undefined },
  ) => {
    const found = view === undefined ? [] : findingsOf(view, workingSinceMs, options);
    const isPausing = view?.heartbeat?.watchdog?.act === "pause";
    const run = view?.heartbeat?.instance_id ?? "";
    const held = holding.holdsOf(id).filter(({ reason }) => reason === "watchdog");
    // What it was held for stays until a person lets it go on: it changes nothing while it waits. Only the end of its run ends the hold.
    for (const { reason, source, cause = "" } of held) {
      if (view === undefined || hasEnded(view) || !cause.startsWith(`${run} `))
        await holding.letGo(id, reason, source);
    }
    tell(id, found, { isPausing, alerts });
    for (const finding of isPausing ? found : []) {
      const hold = holdOf(finding, run);
      if (held.some(({ source }) => source === hold.source)) continue;
      if (!isHoldKnown([...holding.holdsOf(id), ...holding.overriddenOf(id)], hold))
        await holding.hold(id, hold);
    }
  };
  const look = (id: AgentId) => {
    const view = fleet.get(id);
    const workingSinceMs = spans.see(id, view !== undefined && isWorking(view), now().getTime());
    if (view === undefined) calls.forget(id);
    if (!lease.isLeader() || looking.has(id)) return;
    looking.add(id);
    settle(id, view, { workingSinceMs })
      .catch((error: unknown) => log.debug(`the watchdog of ${id}: ${messageOf(error)}`))
      .finally(() => looking.delete(id));
  };
  const timer = setInterval(() => {
    for (const { agent_id } of fleet.list()) look(agent_id);
  }, lookEveryMs);
  const unlisten = fleet.onChange(({ ids }) => {
    for (const id of ids) look(id);
  });
  return () => {
    clearInterval(timer);
    unlisten();
  };
}

function isRunning({ axes }: AgentView): boolean {
  return axes.link.value === "online" || axes.link.value === "silent";
}

/** A lost connection ends no run. */
function hasEnded({ axes: { link } }: AgentView): boolean {
  return link.value === "never" || (link.value === "offline" && link.source !== "connection");
}

/** One that waits, is paused or is held is silent for that reason. */
function isWorking({ axes }: AgentView): boolean {
  return axes.activity.value === "working" && axes.control.value === "running";
}

function findingsOf(
  view: AgentView,
  workingSinceMs: number | undefined,
  { calls, now }: Pick<WatchdogOptions, "calls" | "now">,
): Finding[] {
  const { heartbeat, agent_id } = view;
  if (heartbeat?.watchdog === undefined || !isRunning(view)) return [];
  return watchdogFindings(view, heartbeat.watchdog, {
    failing: calls.of(agent_id)?.worst(heartbeat.instance_id),
    changedMs: calls.changedMs(agent_id),
    workingSinceMs,
    now: now(),
  });
}

function holdOf({ what, words, cause }: Finding, run: string): NewHold {
  return { reason: "watchdog", source: what, words, cause: `${run} ${cause}` };
}

/** Raises the alerts about what was found, and ends the others of this agent. */
function tell(
  id: AgentId,
  found: readonly Finding[],
  {
    isPausing,
    alerts,
  }: { readonly isPausing: boolean; readonly alerts: Pick<Alerts, "open" | "raise" | "resolve"> },
): void {
  const kind = isPausing ? watchdogAlerts.held : watchdogAlerts.told;
  const kinds: readonly string[] = Object.values(watchdogAlerts);
  const open = alerts.open().filter((alert) => alert.agent_id === id && kinds.includes(alert.kind));
  for (const alert of open) {
    if (alert.kind !== kind || !found.some(({ what }) => what === alert.about))
      alerts.resolve(alert.kind, id, alert.about);
  }
  for (const { what, words } of found) {
    if (open.some((alert) => alert.kind === kind && alert.about === what)) continue;
    alerts.raise({ kind, severity: "warning", agentId: id, about: what, message: `${id}: ${words}` });
  }
}
