/** @jsxImportSource hono/jsx */
// How long ago an agent did something, and, if its heartbeats are late, how long ago it was heard.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { lastActionOf, unheardSince } from "../../../domain/fleet/shown/last-action.ts";
import { Age } from "./time.tsx";

export function LastAction({ view, now }: { view: AgentView; now: Date }) {
  const at = lastActionOf(view);
  const unheard = unheardSince(view, now);
  return (
    <span class="last-action">
      {at === undefined ? <span class="quiet">nothing done yet</span> : <Age at={at} now={now} />}
      {unheard !== undefined && (
        <span class="attention">
          {" "}
          · heard <Age at={unheard} now={now} />
        </span>
      )}
    </span>
  );
}
