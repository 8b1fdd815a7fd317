// A fleet for the tests of `cliai top`, and a top that is told of it.
import { reduceTop } from "../../../src/cli/top/reduce.ts";
import { firstState, type TopState } from "../../../src/cli/top/state.ts";
import type { Effect, TopEvent } from "../../../src/cli/top/steps.ts";
import type { AgentRecord, ModelRequestEvidence } from "../../../src/domain/fleet/agent-record.ts";
import { type AgentView, viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { type AgentRequest, openRequestOf } from "../../../src/domain/requests.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";

export const now = new Date("2026-01-01T05:00:00.000Z");
export const ago = (s: number) => new Date(now.getTime() - s * 1000).toISOString();

export function agent(id: string, more: Partial<AgentRecord> = {}): AgentView {
  const record: AgentRecord = {
    agent_id: parseAgentId(id),
    ...{ config_name: "demo", project_path: "/work/shop", first_seen: ago(9_000), last_seen: ago(5) },
    ...{ commands: [], audit_seq: 0, commands_seq: 0, heartbeat: { at: ago(5), interval_s: 15 } },
    ...more,
  };
  return viewAgent(record, now);
}

export const working = (id: string, task: string, more: Partial<AgentRecord> = {}) =>
  agent(id, {
    current_task: task,
    task_at: ago(20),
    session: {
      ...{ started_at: ago(60), last_event_at: ago(3), turn: { since: ago(30) } },
      tools: [{ tool: "Bash", since: ago(12) }],
    },
    ...more,
  });

export const onModel = (id: string, request: Partial<ModelRequestEvidence>) =>
  working(id, "tidying", {
    heartbeat: {
      ...{ at: ago(5), interval_s: 15 },
      model_request: { server: "gpu:8080", state: "idle", since: ago(7), ...request },
    },
  });

export function requestOf(id: string, more: Partial<AgentRequest> = {}): AgentRequest {
  return {
    ...{
      request_id: `of-${id}`,
      agent_id: parseAgentId(id),
      kind: "permission",
      question: "run Bash: rm -r out",
    },
    ...{ asked_at: ago(40), on_expiry: "refuse", state: "asked", ...more },
  };
}

export const asking = (request: AgentRequest) =>
  agent(request.agent_id, { requests: [openRequestOf(request)] });

export interface TestTop {
  state(): TopState;
  /** What was to be done since the last call. */
  effects(): readonly Effect[];
  take(event: TopEvent, atMs?: number): void;
  /** Presses keys; a name of more than one letter is one key. */
  press(...names: string[]): void;
}

/** @param requests those that it has read, an hour ago */
export function topOf(
  views: readonly AgentView[],
  requests: readonly AgentRequest[] = [],
  size = { columns: 80, rows: 24 },
): TestTop {
  let state = firstState(size);
  let effects: Effect[] = [];
  const take = (event: TopEvent, atMs = now.getTime()) => {
    const step = reduceTop(state, event, atMs);
    state = step.state;
    effects.push(...step.effects);
  };
  const longAgo = now.getTime() - 3_600_000;
  take({ type: "fleet", views, lost: undefined }, longAgo);
  for (const request of requests) take({ type: "request", request }, longAgo);
  take({ type: "tick" });
  return {
    state: () => state,
    effects: () => {
      const taken = effects;
      effects = [];
      return taken;
    },
    take,
    press: (...names) => {
      for (const name of names) take({ type: "key", key: { name } });
    },
  };
}
