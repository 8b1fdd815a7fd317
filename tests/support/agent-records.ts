// Records of the agent ada, and its orders, as tests of what is derived from them need them. Each time is so many seconds before `now`.
import type { AgentRecord, HeartbeatEvidence, SaidStatus } from "../../src/domain/fleet/agent-record.ts";
import type { CommandRecord, OrderType, ReceiptEntry } from "../../src/domain/receipts.ts";
import { ada } from "./agents.ts";

export const now = new Date("2026-01-01T01:00:00.000Z");
export const ago = (s: number) => new Date(now.getTime() - s * 1000).toISOString();

/** An agent that was first heard of 600 s ago, with what else is known of it. */
export function recordOf(fields: Partial<AgentRecord> = {}): AgentRecord {
  return { agent_id: ada, first_seen: ago(600), commands: [], audit_seq: 0, commands_seq: 0, ...fields };
}

export function beatOf(s: number, fields: Partial<HeartbeatEvidence> = {}): HeartbeatEvidence {
  return { at: ago(s), interval_s: 15, ...fields };
}

/** For {@link recordOf}: an agent that is online. */
export const alive = { heartbeat: beatOf(5) };

export function saidOf(status: string, s = 5, fields: Partial<SaidStatus> = {}): SaidStatus {
  return { status, at: ago(s), since: ago(s), source: "status", ...fields };
}

/** An order of 60 s ago by `me`, whose id is its type. */
export function orderOf(type: OrderType, ...receipts: ReceiptEntry[]): CommandRecord {
  return {
    command_id: type,
    type,
    from: "me",
    summary: "",
    stream_seq: 1,
    issued_at: ago(60),
    receipts,
  };
}
