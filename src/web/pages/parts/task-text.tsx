/** @jsxImportSource hono/jsx */
// An agent's task: what it reports, or the last order that it was given since. A task that may be over is dimmed, with its age.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { Age } from "./time.tsx";

export function TaskText({ view, now }: { view: Pick<AgentView, "task">; now: Date }) {
  const { text, at, is_stale } = view.task;
  if (text === "") return <span class="quiet">no task yet</span>;
  if (!is_stale) return <>{text}</>;
  return (
    <span class="quiet stale">
      {text}{" "}
      {at !== undefined && (
        <>
          (<Age at={at} now={now} />)
        </>
      )}
    </span>
  );
}
