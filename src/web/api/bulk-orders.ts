// Sends one command to several named agents at the same time, and returns a result for each.
import * as v from "valibot";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { CommandRecord } from "../../domain/receipts.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type AgentId, AgentIdSchema, isAgentId } from "../../domain/wire/agent-id.ts";
import { checkMessage } from "../../domain/wire/decode.ts";
import { TokenSchema } from "../../domain/wire/fields.ts";
import { CommandTypeSchema } from "../../domain/wire/order-messages.ts";
import type { OrderRequest } from "../../server/send-command.ts";
import type { Server } from "../../server/server.ts";

export interface BulkOrder extends Omit<OrderRequest, "id" | "command_id"> {
  readonly agents: readonly AgentId[];
  /** The first part of each agent's command id. Sent again with the same key, the command takes effect only once. */
  readonly key: string;
}

export type BulkResult = { readonly agent_id: AgentId } & (
  | { readonly command_id: string; readonly state: "stored"; readonly duplicate: boolean }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }
);

const mostAgents = 1_000;
/** The agent's id is added to the key, and a command id has at most 128 characters. */
const keyLength = 64;

const KeySchema = v.pipe(
  TokenSchema,
  v.maxLength(keyLength, `the id is longer than ${keyLength} characters`),
);
const AgentsSchema = v.pipe(
  v.array(AgentIdSchema, "agents must be a list of agent ids"),
  v.minLength(1, "agents names none"),
  v.maxLength(mostAgents, `agents names more than ${mostAgents.toLocaleString("en")}`),
);

export const BulkBodySchema = v.strictObject(
  {
    type: CommandTypeSchema,
    agents: AgentsSchema,
    text: v.optional(v.string("text must be text")),
    reason: v.optional(v.string("reason must be text")),
    force: v.optional(v.boolean("force must be true or false")),
    command_id: v.optional(KeySchema),
  },
  (issue) =>
    issue.expected === "never" ? `unknown field ${issue.received}` : "the body must be a JSON object",
);
const FormSchema = v.object({
  type: v.picklist(["pause", "resume", "stop"], "type must be pause, resume or stop"),
  agents: AgentsSchema,
  reason: v.optional(v.string("reason must be text")),
  force: v.optional(
    v.pipe(
      v.literal("true", "force must be true"),
      v.transform(() => true),
    ),
  ),
  command_id: KeySchema,
});

/** @throws CliaiError `message_invalid` with the field */
export function bulkOrderFromJson(body: unknown, from: string): BulkOrder {
  const { command_id = crypto.randomUUID(), ...order } = checkMessage(BulkBodySchema, body);
  return { from, key: command_id, ...order };
}

/** @throws CliaiError `message_invalid` with the field */
export function bulkOrderFromForm(form: Readonly<Record<string, unknown>>, from: string): BulkOrder {
  const { agents = [], reason, ...rest } = form;
  const given = { ...rest, agents: [agents].flat(), ...(reason === "" ? {} : { reason }) };
  const { command_id, ...order } = checkMessage(FormSchema, given);
  return { from, key: command_id, ...order };
}

/** The results are in the order of `agents`. An agent that is named twice counts once. */
export async function sendBulk(server: Server, { agents, key, ...order }: BulkOrder): Promise<BulkResult[]> {
  return await Promise.all(
    [...new Set(agents)].map(async (agent_id): Promise<BulkResult> => {
      try {
        const command_id = bulkCommandId(key, agent_id);
        const { duplicate } = await server.sendCommand({ ...order, id: agent_id, command_id });
        return { agent_id, command_id, state: "stored", duplicate };
      } catch (error) {
        // A `usage` error concerns the whole request, so it is thrown. Other errors are the result for this agent.
        if (!(error instanceof CliaiError) || error.code === "usage") throw error;
        return { agent_id, ...error.toJSON() };
      }
    }),
  );
}

export function bulkCommandId(key: string, agent: AgentId): string {
  return `${key}-${agent}`;
}

/** One order to several agents. */
export interface SentBulk {
  readonly key: string;
  readonly type: string;
  /** RFC 3339. */
  readonly at: string;
  readonly agents: number;
}

/** The key that the dashboard gives an order is a UUID. */
const keyPattern = /^([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})-(.+)$/;

/** The last orders that went to several agents, newest first, as far as the agents' records have them. */
export function recentBulks(views: readonly AgentView[], most: number): SentBulk[] {
  const found = new Map<string, SentBulk>();
  for (const { agent_id, commands } of views) {
    for (const { command_id, type, issued_at } of commands) {
      const [, key, id] = keyPattern.exec(command_id) ?? [];
      if (key === undefined || id !== agent_id) continue;
      const { agents = 0, at = issued_at } = found.get(key) ?? {};
      found.set(key, { key, type, at, agents: agents + 1 });
    }
  }
  return [...found.values()].sort((one, other) => (one.at > other.at ? -1 : 1)).slice(0, most);
}

export interface BulkTarget {
  readonly agent_id: string;
  /** Undefined if there is no such agent any more. */
  readonly view: AgentView | undefined;
  /** Undefined if the command was not stored. */
  readonly command: CommandRecord | undefined;
}

/** The agents to which a command was sent, in the order of the fleet, and those for which it could not be stored. */
export function findBulkTargets(
  views: readonly AgentView[],
  key: string,
  failed: readonly string[],
): BulkTarget[] {
  const sent = views.map((view) => {
    const { agent_id, commands } = view;
    const id = bulkCommandId(key, agent_id);
    return { agent_id, view, command: commands.find(({ command_id }) => command_id === id) };
  });
  const gone = failed.filter((id) => isAgentId(id) && !views.some(({ agent_id }) => agent_id === id));
  return [
    ...sent.filter(({ agent_id, command }) => command !== undefined || failed.includes(agent_id)),
    ...gone.map((agent_id) => ({ agent_id, view: undefined, command: undefined })),
  ];
}
