// Views of the agent ada, as tests of `cliai ls` need them. Each time is so many seconds before `now`.
import type { AgentRecord } from "../../src/domain/fleet/agent-record.ts";
import { type AgentView, viewAgent } from "../../src/domain/fleet/agent-view.ts";
import { ada } from "./agents.ts";

export const now = new Date("2026-01-01T05:00:00.000Z");
export const ago = (s: number) => new Date(now.getTime() - s * 1000).toISOString();

/** An agent that is online, with what else is known of it. */
export function view(more: Partial<AgentRecord> = {}): AgentView {
  const record: AgentRecord = {
    agent_id: ada,
    config_name: "demo",
    first_seen: ago(9_000),
    last_seen: ago(5),
    commands: [],
    audit_seq: 0,
    commands_seq: 0,
    heartbeat: { at: ago(5), interval_s: 15 },
    ...more,
  };
  return viewAgent(record, now);
}

/** An agent that was last heard of so many seconds ago. */
export function gone(s: number, more: Partial<AgentRecord> = {}): AgentView {
  return view({ last_seen: ago(s), heartbeat: { at: ago(s), interval_s: 15 }, ...more });
}
