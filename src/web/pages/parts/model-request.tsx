/** @jsxImportSource hono/jsx */
// What becomes of an agent's request to its model server.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { shownModelRequest } from "../../../domain/fleet/shown/shown-model-request.ts";
import { Age } from "./time.tsx";

/** Nothing for an agent without a model server of its own. */
export function ModelRequest({ view, now }: { view: AgentView; now: Date }) {
  const shown = shownModelRequest(view);
  if (shown === undefined) return null;
  const { words, since, figures } = shown;
  return (
    <>
      {words}
      {since !== undefined && (
        <>
          , began <Age at={since} now={now} />
        </>
      )}
      {figures !== "" && <span class="quiet"> ({figures})</span>}
    </>
  );
}

/** Its place in the queue, while it waits. */
export function ModelPlace({ view }: { view: AgentView }) {
  const { place = "", words } = shownModelRequest(view) ?? {};
  if (place === "") return null;
  return <span title={words}>{place} for its model</span>;
}
