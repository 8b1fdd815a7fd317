/** @jsxImportSource hono/jsx */
// How far each agent is behind with what it was told.
import type { AgentLag } from "../../../domain/system/lag.ts";
import { Icon } from "../parts/icon.tsx";
import { Age } from "../parts/time.tsx";

const shown = 20;

export function LagPanel({ lag, now }: { lag: readonly AgentLag[]; now: Date }) {
  const more = lag.length - shown;
  return (
    <section id="system-lag" class="panel" aria-labelledby="title-lag">
      <h2 id="title-lag">
        Agents that are behind <span class="count">{lag.length}</span>
      </h2>
      {lag.length === 0 ? (
        <p class="well">
          <Icon name="check" /> Every agent has taken what it was sent.
        </p>
      ) : (
        <ul class="plain-list">
          {lag.slice(0, shown).map(({ agent_id, unread, messages, oldest_at }) => (
            <li>
              <a href={`/agents/${agent_id}`}>{agent_id}</a> has {unread} unread
              {messages > 0 && messages < unread && ` (${messages} of them messages)`}, the oldest from{" "}
              <Age at={oldest_at} now={now} />
            </li>
          ))}
          {more > 0 && <li class="quiet">+{more} more</li>}
        </ul>
      )}
    </section>
  );
}
