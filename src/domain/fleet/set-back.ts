// Adapts a record to a clock that was set back, because its times are compared with each other and with the present. Otherwise an agent that
// died would stay online until the clock reaches the old time again, and reports of an ended run would count as later than the next run's. Pure.
import type { AgentRecord } from "./agent-record.ts";

/** Smaller differences are ignored: clocks that NTP synchronises differ, and are moved, by less. */
export const setBackAtLeastMs = 2_000;

/**
 * Whether setBack() moves the times in a field. Every field stands here, so that a new one is not forgotten. The times of orders, requests and
 * holds are not moved, because they come from streams and buckets.
 */
const isTimed: Readonly<Record<keyof AgentRecord, boolean>> = {
  agent_id: false,
  config_name: false,
  project_path: false,
  cli: false,
  cli_version: false,
  host: false,
  pid: false,
  session_id: false,
  role: false,
  profile_tags: false,
  tag_changes: false,
  current_task: false,
  task_at: true,
  first_seen: false,
  run_started_at: true,
  launch_task: true,
  last_seen: true,
  heartbeat: true,
  connection: true,
  said: true,
  other_runs: true,
  session: true,
  progress: true,
  last_words: true,
  usage: true,
  requests: false,
  holds: false,
  commands: false,
  audit_seq: false,
  commands_seq: false,
};

/** How far the last heartbeat is in the future, in ms; 0 if it is not. */
export function aheadMs({ heartbeat }: AgentRecord, now: Date): number {
  return heartbeat === undefined ? 0 : Math.max(0, Date.parse(heartbeat.at) - now.getTime());
}

/** Moves all times that are in the future back by the same time, so that their order stays. Returns the same record if there is none. */
export function setBack(record: AgentRecord, now: Date, byMs: number): AgentRecord {
  const move = (value: unknown): unknown => {
    if (typeof value === "string") return isFuture(value, now) ? earlier(value, byMs) : value;
    if (Array.isArray(value)) return value.map(move);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, move(each)]));
  };
  const said = Object.fromEntries(
    Object.entries(record).filter(
      ([name, value]) => value !== undefined && isTimed[name as keyof AgentRecord],
    ),
  );
  const moved = move(said);
  return JSON.stringify(moved) === JSON.stringify(said) ? record : { ...record, ...(moved as typeof said) };
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

function isFuture(text: string, now: Date): boolean {
  return rfc3339.test(text) && Date.parse(text) > now.getTime();
}

function earlier(at: string, byMs: number): string {
  return new Date(Date.parse(at) - byMs).toISOString();
}
