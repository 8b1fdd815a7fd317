// How far each agent is behind: the items in its inbox that nobody has taken.

import { inboxOf } from "../fleet/agent-record.ts";
import type { AgentView } from "../fleet/agent-view.ts";
import type { CommandRecord } from "../receipts.ts";

export interface AgentLag {
  readonly agent_id: string;
  readonly unread: number;
  /** How many of `unread` are messages of other agents. */
  readonly messages: number;
  /** When the oldest of them was stored, RFC 3339. */
  readonly oldest_at: string;
}

/** The agents with unread items, the one that is behind for the longest time first. */
export function lagOf(views: readonly AgentView[]): AgentLag[] {
  return views
    .flatMap((view): AgentLag[] => {
      const waiting = inboxOf(view);
      const [oldest] = waiting;
      if (oldest === undefined) return [];
      return [
        {
          agent_id: view.agent_id,
          unread: waiting.length,
          messages: waiting.filter(({ type }) => type === "message").length,
          oldest_at: waiting.reduce(
            (at, each) => (each.issued_at < at ? each.issued_at : at),
            oldest.issued_at,
          ),
        },
      ];
    })
    .sort((a, b) => (a.oldest_at === b.oldest_at ? byName(a, b) : a.oldest_at < b.oldest_at ? -1 : 1));
}

function byName(a: AgentLag, b: AgentLag): number {
  return a.agent_id < b.agent_id ? -1 : 1;
}

/** How many messages of other agents, and of the operator, wait for this agent. */
export function unreadMessages(commands: readonly CommandRecord[]): number {
  return inboxOf({ commands }).filter(({ type }) => type === "message").length;
}
