// The tools of the operator's MCP server that act. Orders need the scope `command`, answers the scope `answer`. The page and the audit show whose
// they are.
import * as v from "valibot";
import { type CommandRecord, endsWait } from "../../domain/receipts.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { TokenSchema } from "../../domain/wire/fields.ts";
import type { CommandType } from "../../domain/wire/order-messages.ts";
import type { Server } from "../../server/server.ts";
import { atMost } from "../../waiting.ts";
import { answerFromJson } from "../api/answers.ts";
import { requireReady } from "../api/orders.ts";
import {
  agentIdText,
  described,
  type OperatorContext,
  type OperatorTool,
  operatorTool,
} from "./operator-tool.ts";
import { shownOrder, shownRequest } from "./shown-agents.ts";

/** How long an order is followed. Below the 30 s after which the socket of a request without an answer is closed. */
const mostWaitS = 20;
const usualWaitS = 5;

const following = {
  command_id: v.optional(
    v.pipe(
      TokenSchema,
      v.description("your own id of the order: sent twice with the same one, it takes effect once"),
    ),
  ),
  wait_s: v.optional(
    v.pipe(
      v.number(),
      v.minValue(0),
      v.maxValue(mostWaitS),
      v.description(`seconds to wait until the agent has it, default ${usualWaitS}`),
    ),
  ),
};
const reason = v.optional(described("why; the agent is told"));
const steering = v.object({ agent_id: agentIdText, reason, ...following });

export const actingTools: readonly OperatorTool[] = [
  operatorTool({
    name: "send_task",
    title: "Give an agent a task",
    description:
      "Gives an agent a task, in the person's name. It waits in the agent's queue until the agent takes it; show_agent tells how far it has come.",
    scope: "command",
    schema: v.object({ agent_id: agentIdText, text: described("what to do"), ...following }),
    // What the agent does for a task, nobody knows before.
    hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    run: (args, context) => give("task", args, context),
  }),
  operatorTool({
    name: "send_message",
    title: "Write to an agent",
    description:
      "Writes a message to an agent, in the person's name. An agent's answer comes by read_log with kind message.",
    scope: "command",
    schema: v.object({
      agent_id: agentIdText,
      text: described("the message"),
      thread: v.optional(v.pipe(TokenSchema, v.description("the thread to go on with"))),
      reply_to: v.optional(v.pipe(TokenSchema, v.description("the message_id that it answers"))),
    }),
    hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    async run({ agent_id, ...message }, { server, by }) {
      requireReady(server);
      return await server.sendMessage({ to: agent_id, from: by, ...message });
    },
  }),
  operatorTool({
    name: "pause_agent",
    title: "Pause an agent",
    description: "Holds an agent before its next tool call, until resume_agent. Nothing is lost.",
    scope: "command",
    schema: steering,
    hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    run: (args, context) => give("pause", args, context),
  }),
  operatorTool({
    name: "resume_agent",
    title: "Let a paused agent go on",
    description: "Lets a paused agent go on. It does not start an agent that has ended.",
    scope: "command",
    schema: steering,
    hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
    run: (args, context) => give("resume", args, context),
  }),
  operatorTool({
    name: "stop_agent",
    title: "Stop an agent",
    description: "Ends an agent's session: after its turn, or with force at once. Ask the person first.",
    scope: "command",
    schema: v.object({
      ...{ agent_id: agentIdText, reason, ...following },
      force: v.optional(v.pipe(v.boolean(), v.description("interrupt the running turn"))),
    }),
    hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    run: (args, context) => give("stop", args, context),
  }),
  operatorTool({
    name: "answer_request",
    title: "Answer a request",
    description:
      "Answers a request for the person; the first answer counts. A question takes text (or the number of a choice), or answers, one for each of its questions. A permission or stop approval takes approved, and a reason. A budget takes text: how much more its agents may spend, or stop. Ask the person first, before you approve anything or add to a budget.",
    scope: "answer",
    schema: v.object({
      request_id: described("the request's id, or its first four characters or more"),
      text: v.optional(v.string()),
      answers: v.optional(v.array(v.union([v.string(), v.array(v.string())]))),
      approved: v.optional(v.boolean()),
      reason: v.optional(v.string()),
    }),
    hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    async run({ request_id, ...words }, { server, by }) {
      const answer = answerFromJson(words);
      requireReady(server);
      return shownRequest(await server.requests.answer(request_id, answer, by));
    },
  }),
];

interface Given
  extends Pick<v.InferOutput<typeof steering>, "agent_id" | "command_id" | "wait_s" | "reason"> {
  readonly text?: string | undefined;
  readonly force?: boolean | undefined;
}

/** Stores the order, and resolves with the receipts that have come by then. */
async function give(
  type: CommandType,
  { agent_id, wait_s = usualWaitS, ...order }: Given,
  { server, by }: OperatorContext,
) {
  const { agent_id: id } = server.fleet.require(agent_id);
  requireReady(server);
  const { command_id, duplicate } = await server.sendCommand({ id, type, from: by, ...order });
  const known = await untilTaken(server, { id, command_id }, wait_s * 1_000);
  return {
    ...{ agent_id: id, command_id, duplicate },
    ...(known === undefined ? { receipts: [{ state: "stored" }] } : shownOrder(known)),
  };
}

/** Resolves with the order as the agent's record has it, when a receipt shows that the agent has it or that it is over, or after `withinMs`. */
async function untilTaken(
  { fleet }: Pick<Server, "fleet">,
  { id, command_id }: { readonly id: AgentId; readonly command_id: string },
  withinMs: number,
): Promise<CommandRecord | undefined> {
  const find = () => fleet.get(id)?.commands.findLast((each) => each.command_id === command_id);
  const isTaken = () => find()?.receipts.some(({ state }) => endsWait(state, "delivered")) === true;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = fleet.onChange(() => {
    if (isTaken()) resolve();
  });
  try {
    if (!isTaken()) await atMost(withinMs, promise);
    return find();
  } finally {
    stop();
  }
}
