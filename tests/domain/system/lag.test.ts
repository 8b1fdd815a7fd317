import { expect, test } from "bun:test";
import type { AgentView } from "../../../src/domain/fleet/agent-view.ts";
import { lagOf } from "../../../src/domain/system/lag.ts";

const order = (type: string, issued_at: string, receipts: { state: string }[] = []) => ({
  ...{ command_id: issued_at, type, from: "mia", text: "", stream_seq: 1, issued_at, receipts },
});
const view = (agent_id: string, ...commands: unknown[]) => ({ agent_id, commands }) as unknown as AgentView;

test("lagOf() counts what nobody has taken, and puts the longest wait first", () => {
  const lag = lagOf([
    view("ada", order("task", "2026-11-29T10:05:00Z"), order("message", "2026-11-29T10:06:00Z")),
    view("bob", order("stop", "2026-11-29T10:00:00Z")),
    view("cleo", order("task", "2026-11-29T10:01:00Z")),
  ]);
  expect(lag).toEqual([
    { agent_id: "cleo", unread: 1, messages: 0, oldest_at: "2026-11-29T10:01:00Z" },
    { agent_id: "ada", unread: 2, messages: 1, oldest_at: "2026-11-29T10:05:00Z" },
  ]);
});
