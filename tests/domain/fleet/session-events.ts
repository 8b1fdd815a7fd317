// Events of a session's host, numbered as it numbers them, and the records that they lead to.
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { type AgentView, viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { type FleetEvent, reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import type { AgentEvent } from "../../../src/domain/wire/event-messages.ts";

export const id = parseAgentId("ada");
const start = Date.parse("2026-01-01T00:00:00.000Z");
export const time = (s: number) => new Date(start + s * 1000).toISOString();

export type Told = readonly [kind: string, s: number, fields?: Omit<AgentEvent, "kind">];

/** Numbers the events of one generation from 1. */
export function hosted(events: readonly Told[], generation = 1_000): Told[] {
  return events.map(([kind, s, fields], index) => [kind, s, { generation, seq: index + 1, ...fields }]);
}

/** A call of a tool. */
export const bash = { tool: "Bash", tool_use_id: "t1", detail: "make" };

/** A session that has begun, and works on its first prompt. */
export const began: Told[] = [
  ["session_start", 1],
  ["prompt", 2],
];

/** A session that has {@link began}, and these events after it. */
export const ran = (...rest: Told[]) => hosted([...began, ...rest]);

/** An agent that is online all the time, after what it told. */
export function agentAfter(events: readonly (Told | FleetEvent)[], instance_id = "run-1"): AgentRecord {
  const first: FleetEvent = { type: "heartbeat", id, at: time(0), message: { instance_id } };
  let audit_seq = 0;
  return events.reduce<AgentRecord>(
    (record, event) => {
      audit_seq += 1;
      if ("type" in event) return reduceAgent(record, "audit_seq" in event ? { ...event, audit_seq } : event);
      const [kind, s, fields] = event;
      return reduceAgent(record, {
        type: "event",
        id,
        at: time(s),
        audit_seq,
        message: { kind, ...fields },
      });
    },
    reduceAgent(undefined, first),
  );
}

export const says = (s: number, status: string, message?: string): FleetEvent => ({
  type: "status",
  id,
  at: time(s),
  audit_seq: 0,
  message: message === undefined ? { status } : { status, message },
});

export const beats = (s: number, status: string, instance_id = "run-1"): FleetEvent => ({
  type: "heartbeat",
  id,
  at: time(s),
  message: { instance_id, status },
});

/** The agent at a time, its last heartbeat being fresh then. */
export function viewAt(s: number, record: AgentRecord): AgentView {
  const { heartbeat } = record;
  const alive = heartbeat === undefined ? record : { ...record, heartbeat: { ...heartbeat, at: time(s) } };
  return viewAgent(alive, new Date(start + s * 1000));
}
