// An agent of a test that speaks plain NATS: its heartbeat, its tool calls, its inbox.
import type { AgentView } from "../../src/domain/fleet/agent-view.ts";
import { type AgentId, parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { decodeMessage } from "../../src/domain/wire/decode.ts";
import { type ToolResponse, ToolResponseSchema } from "../../src/domain/wire/tool-messages.ts";
import type { Bus } from "../../src/nats/bus.ts";
import type { TestServer } from "./test-server.ts";
import { waitFor } from "./wait-for.ts";

export interface CallOptions {
  readonly requestId?: string;
  /** Whether the agent writes the receipts, as a bridge does. */
  readonly confirms?: boolean;
  /** The run that makes the call. */
  readonly instanceId?: string;
}

export interface TestAgent {
  readonly id: AgentId;
  call(tool: string, args?: object, options?: CallOptions): Promise<ToolResponse>;
  /** The result of a call that succeeds. */
  result(tool: string, args?: object, options?: CallOptions): Promise<Record<string, unknown>>;
  inbox(): Promise<Array<Record<string, unknown>>>;
}

export function agentOn(bus: Bus, id: string): TestAgent {
  const agent: TestAgent = {
    id: parseAgentId(id),
    async call(tool, args = {}, { requestId = crypto.randomUUID(), confirms = false, instanceId } = {}) {
      const body = { request_id: requestId, tool, arguments: args, confirms, instance_id: instanceId };
      return decodeMessage(
        ToolResponseSchema,
        await bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 }),
      );
    },
    async result(tool, args, options) {
      const { success, result, error } = await agent.call(tool, args, options);
      if (!success) throw new Error(error);
      return result as Record<string, unknown>;
    },
    async inbox() {
      return (await agent.result("check_inbox")).items as Array<Record<string, unknown>>;
    },
  };
  return agent;
}

/** An agent that the fleet shows online. */
export async function startAgent(
  { server }: TestServer,
  bus: Bus,
  id: string,
  heartbeat: object = {},
): Promise<TestAgent> {
  const agent = agentOn(bus, id);
  const instance_id = crypto.randomUUID();
  bus.publish(`agent.${id}.heartbeat`, { status: "connected", instance_id, seq: 1, ...heartbeat });
  await waitFor(() => server.fleet.get(agent.id)?.heartbeat?.instance_id === instance_id, {
    what: `${id} in the fleet`,
  });
  return agent;
}

export function viewOf({ server }: TestServer, { id }: TestAgent): AgentView | undefined {
  return server.fleet.get(id);
}
