/** @jsxImportSource hono/jsx */
// How far an agent says it is.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";

export function ProgressLine({ progress }: { progress: AgentView["progress"] | undefined }) {
  if (progress === undefined) return null;
  return (
    <p class="progress">
      {progress.percent !== undefined && <b>{progress.percent} %</b>} {progress.note}
    </p>
  );
}
