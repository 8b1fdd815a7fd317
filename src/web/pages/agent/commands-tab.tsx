/** @jsxImportSource hono/jsx */
// The commands that an agent was sent, with their receipts. Messages have a tab of their own.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { isUnknownOrder } from "../../../domain/receipts.ts";
import { CommandList } from "../parts/command-list.tsx";
import { tabPath } from "./agent-tabs.tsx";

interface AgentCommandsProps {
  readonly view: AgentView;
  readonly now: Date;
  /** Shows only so many of the newest, with a link to all. */
  readonly most?: number;
}

export function AgentCommands({ view, now, most }: AgentCommandsProps) {
  const all = view.commands.filter((command) => command.type !== "message" && !isUnknownOrder(command));
  const commands = most === undefined ? all : all.slice(-most);
  const unknown = most === undefined ? view.commands.filter(isUnknownOrder) : [];
  return (
    <div id="agent-commands">
      <CommandList view={{ ...view, commands }} now={now} />
      {commands.length < all.length && (
        <p class="more">
          <a href={tabPath(view.agent_id, "commands")}>All {all.length} commands</a>
        </p>
      )}
      {unknown.length > 0 && (
        <p class="attention">
          {unknown.length === 1 ? "One order is" : `${unknown.length} orders are`} known only by receipts of
          this agent: nothing shows that {unknown.length === 1 ? "it was" : "they were"} ever sent. (
          {unknown.map(({ command_id }) => command_id).join(", ")})
        </p>
      )}
    </div>
  );
}
