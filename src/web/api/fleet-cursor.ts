// The position of one viewer in the fleet's history: it says what to send the viewer next. It holds only a revision and no queue, so
// that a slow viewer takes no memory.
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Server } from "../../server/server.ts";

/** `whole`: send everything. `reset` says why what the viewer had before is no longer valid. */
export type FleetStep =
  | { readonly kind: "whole"; readonly reset?: string }
  | { readonly kind: "changed"; readonly ids: readonly AgentId[] };

export interface FleetCursor {
  /** What has changed since the last call; undefined if nothing has. */
  advance(): FleetStep | undefined;
  /** The event id of the viewer's present state: `<instance>-<revision>`. */
  id(): string;
}

export function eventId(server: Server): string {
  return `${server.instance}-${server.fleet.revision()}`;
}

/** @param lastEventId the event id that the viewer has; undefined for a new viewer */
export function createFleetCursor(server: Server, lastEventId: string | undefined): FleetCursor {
  const { fleet, instance } = server;
  let since = lastEventId === undefined ? undefined : parseRevision(lastEventId, instance);
  let reset = lastEventId !== undefined && since === undefined ? "the server was restarted" : undefined;

  return {
    id: () => `${instance}-${since ?? 0}`,
    advance() {
      const revision = fleet.revision();
      if (since === revision) return undefined;
      const ids = since === undefined ? undefined : fleet.changedSince(since);
      if (since !== undefined && ids === undefined) reset = "too much has changed";
      since = revision;
      // If an agent was removed, send everything: only there can the viewer see that it is missing.
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
