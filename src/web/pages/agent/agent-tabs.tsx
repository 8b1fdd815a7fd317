/** @jsxImportSource hono/jsx */
// The tabs of an agent's page. Each has an address of its own.
import type { AgentId } from "../../../domain/wire/agent-id.ts";

/** The first one is the agent's own address. A new tab needs a row here and a route in src/web/pages/routes/agent-routes.tsx. */
export const agentTabs = [
  { name: "now", label: "Now" },
  { name: "transcript", label: "Transcript" },
  { name: "changes", label: "Changes" },
  { name: "terminal", label: "Terminal" },
  { name: "messages", label: "Messages" },
  { name: "commands", label: "Commands" },
  { name: "cost", label: "Cost" },
  { name: "settings", label: "Settings" },
] as const;
export type AgentTab = (typeof agentTabs)[number]["name"];

/** The tab with this name; undefined for another name. */
export function agentTabOf(name: string | undefined): AgentTab | undefined {
  return agentTabs.find((tab) => tab.name === name)?.name;
}

export function tabPath(id: AgentId, tab: AgentTab): string {
  return tab === "now" ? `/agents/${id}` : `/agents/${id}/${tab}`;
}

export function AgentTabs({ id, tab: shown }: { id: AgentId; tab: AgentTab }) {
  return (
    <nav class="tabs" aria-label={`Pages of ${id}`}>
      <ul>
        {agentTabs.map(({ name, label }) => (
          <li>
            <a href={tabPath(id, name)} aria-current={name === shown ? "page" : undefined}>
              {label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
