/** @jsxImportSource hono/jsx */
// What an agent says that it works on; one that has said nothing of it is not shown as at work on "unknown".
import { unknownText } from "../../../domain/fleet/agent-view.ts";

export function TaskText({ task }: { task: string }) {
  return <>{task === "" || task === unknownText ? <span class="quiet">no task told</span> : task}</>;
}
