/** @jsxImportSource hono/jsx */
// The task that an agent has reported. If it has reported none, this says so, instead of showing the task "unknown".
import { unknownText } from "../../../domain/fleet/agent-view.ts";

export function TaskText({ task }: { task: string }) {
  return <>{task === "" || task === unknownText ? <span class="quiet">no task told</span> : task}</>;
}
