// Where one viewer stands in the fleet's history: what it has to be told next, however slowly it reads.
// Holds a revision and no queue, so that a viewer who never reads costs nothing.
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Server } from "../../server/server.ts";

/** `whole`: everything, because of `reset` when the viewer had something before that is void. */
export type FleetStep =
  | { readonly kind: "whole"; readonly reset?: string }
  | { readonly kind: "changed"; readonly ids: readonly AgentId[] };

export interface FleetCursor {
  /** What follows since the last call; undefined when nothing does. */
  advance(): FleetStep | undefined;
  /** The event id of what the viewer has now: `<instance>-<revision>`. */
  id(): string;
}

export function eventId(server: Server): string {
  return `${server.instance}-${server.fleet.revision()}`;
}

/** @param lastEventId what the viewer says it has; undefined for one that has nothing */
export function createFleetCursor(server: Server, lastEventId: string | undefined): FleetCursor {
  const { fleet, instance } = server;
  let since = lastEventId === undefined ? undefined : parseRevision(lastEventId, instance);
  let reset =
    lastEventId !== undefined && since === undefined ? "the server has started anew since" : undefined;

  return {
    id: () => `${instance}-${since ?? 0}`,
    advance() {
      const revision = fleet.revision();
      if (since === revision) return undefined;
      const ids = since === undefined ? undefined : fleet.changedSince(since);
      if (since !== undefined && ids === undefined) reset = "too much has changed since";
      since = revision;
      // One that was removed is missing from the whole, and from nothing less.
      const isOneGone = ids?.some((id) => fleet.get(id) === undefined) === true;
      if (ids !== undefined && !isOneGone) return ids.length === 0 ? undefined : { kind: "changed", ids };
      const step: FleetStep = reset === undefined ? { kind: "whole" } : { kind: "whole", reset };
      reset = undefined;
      return step;
    },
  };
}

function parseRevision(eventId: string, instance: string): number | undefined {
  const revision = eventId.startsWith(`${instance}-`) ? eventId.slice(instance.length + 1) : "";
  return /^\d{1,15}$/.test(revision) ? Number(revision) : undefined;
}
