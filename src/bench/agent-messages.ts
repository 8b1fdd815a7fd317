// The messages of a simulated agent. They are as large and as varied as a bridge's. Pure, except for the clock.
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { AgentEvent } from "../domain/wire/event-messages.ts";
import type { Heartbeat, StatusReport } from "../domain/wire/messages.ts";

export function heartbeat(
  id: AgentId,
  {
    instance,
    seq,
    intervalS,
    task = "",
    status = "working",
  }: { instance: string; seq: number; intervalS: number; task?: string; status?: string },
): Heartbeat {
  return {
    agent_id: id,
    config_name: "bench",
    project_path: "/home/somebody/projects/something",
    status,
    current_task: task,
    timestamp: new Date().toISOString(),
    instance_id: instance,
    interval_s: intervalS,
    seq,
    host: "bench",
    pid: 4242,
    cli: "bench",
    cli_version: "1.0.0",
    session_id: "3f0c2c0e-6a52-4c39-9f3a-0f9d5c2a7b11",
  };
}

export function statusReport(id: AgentId, task: string, status = "working"): StatusReport {
  return {
    agent_id: id,
    status,
    current_task: task,
    message: "reads the tests and mends what they show",
    timestamp: new Date().toISOString(),
  };
}

export function agentEvent(id: AgentId, n: number): AgentEvent {
  return {
    agent_id: id,
    kind: n % 2 === 0 ? "tool_start" : "tool_end",
    tool: "Bash",
    detail: `npm test -- --only part-${n}`,
    timestamp: new Date().toISOString(),
  };
}
