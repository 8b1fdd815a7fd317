// Brings a record to a clock that was set back. Its times are compared with each other and with the present: an agent that died
// would be online until the clock is where it was, and what a run said that is over would count as later than its successor's. Pure.
import type { AgentRecord } from "./agent-record.ts";

/** Clocks that are kept together by NTP differ by less, and are moved by less. */
export const setBackAtLeastMs = 2_000;

/** Of what the signs of life and the session say; the orders' times are the streams' own. */
const timed = [
  "last_seen",
  "run_started_at",
  "heartbeat",
  "connection",
  "said",
  "other_runs",
  "session",
  "progress",
  "usage",
] as const satisfies readonly (keyof AgentRecord)[];

/** How far the last sign of life lies in the future. */
export function aheadMs({ heartbeat }: AgentRecord, now: Date): number {
  return heartbeat === undefined ? 0 : Math.max(0, Date.parse(heartbeat.at) - now.getTime());
}

/** All that lies in the future is moved by the same time: what came first stays first. The same record where nothing does. */
export function setBack(record: AgentRecord, now: Date, byMs: number): AgentRecord {
  const move = (value: unknown): unknown => {
    if (typeof value === "string") return isFuture(value, now) ? earlier(value, byMs) : value;
    if (Array.isArray(value)) return value.map(move);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, move(each)]));
  };
  const said = Object.fromEntries(
    timed.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]])),
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
