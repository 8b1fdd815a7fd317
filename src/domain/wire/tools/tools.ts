// This room holds the table of the agents' tools, and what follows from its rows.
//
// The table: one row a tool. The bridge lists it, the server answers it. A new tool is one row here and one handler in src/server/tools.
import * as v from "valibot";
import { mostMinutes, mostPaths } from "../../files/reservation.ts";
import { QuestionSchema } from "../../questions.ts";
import { AgentIdSchema } from "../agent-id.ts";
import { TokenSchema } from "../fields.ts";
import { reportedWords } from "../messages.ts";
import { CommandTypeSchema } from "../order-messages.ts";
import {
  captainsTool,
  mostWaitS,
  onceTool,
  type ToolDefinition,
  tool,
  waitingTool,
} from "./tool-definition.ts";

/** The longest text for another agent, in characters: the limit of NATS, minus room for the rest of the message. */
const mostText = 7_000_000;
const tooLong = `the text is longer than ${mostText.toLocaleString("en")} characters`;
const text = (maxLength: number, message?: string) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(maxLength, message));
const amount = v.pipe(v.number(), v.minValue(0));
const messageText = v.pipe(v.string(), v.regex(/\S/, "the text is empty"), v.maxLength(mostText, tooLong));

/** Whether the host asks anew when the request has expired. */
const held = v.optional(v.boolean());
const waiting = {
  wait_s: v.optional(
    v.pipe(amount, v.maxValue(mostWaitS), v.description("seconds to wait here, default 60")),
  ),
  expires_s: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(31_536_000))),
};

const reservedPaths = v.pipe(v.array(text(4096)), v.minLength(1), v.maxLength(mostPaths));

/** Longer than a model's texts, because a permission request holds the tool's whole input. */
const permissionText = v.pipe(v.string(), v.maxLength(200_000));

export const tools = {
  take_orders: {
    ...tool(
      "Take the orders that wait for the agent, so that its host hands them over. Returned again until their receipts are stored.",
      v.object({
        types: v.optional(v.array(v.picklist(["task", "message", "pause", "resume"]))),
      }),
      { idempotentHint: true },
    ),
    isHosts: true,
  },
  request_permission: {
    ...waitingTool(
      "Ask whether the agent's CLI may use a tool.",
      v.object({
        tool: text(1024),
        input: permissionText,
        /** Whether the input is a plan, and the permission is to carry it out. */
        plan: v.optional(v.boolean()),
        held,
        ...waiting,
      }),
    ),
    isHosts: true,
  },
  request_turn_end: {
    ...waitingTool(
      "Ask whether the turn of the agent's session may end. The turn is held until the answer.",
      v.object({
        reason: text(4000),
        /** What the model said last in the turn. */
        context: v.pipe(v.string(), v.maxLength(20_000)),
        ...waiting,
      }),
    ),
    isHosts: true,
  },
  request_answers: {
    ...waitingTool(
      "Ask what a dialog of the agent's CLI asks its user.",
      v.object({
        questions: v.pipe(v.array(QuestionSchema), v.minLength(1), v.maxLength(20)),
        held,
        ...waiting,
      }),
    ),
    isHosts: true,
  },
  report_status: tool(
    "Tell the operator what you are doing. Call it when your status or task changes.",
    v.object({
      status: v.pipe(text(100), v.description(`one of ${reportedWords.join(", ")}`)),
      current_task: v.optional(
        v.pipe(v.string(), v.maxLength(2000), v.description("the task, in a few words")),
      ),
      message: v.optional(v.pipe(v.string(), v.maxLength(4000))),
    }),
    { idempotentHint: true },
  ),
  report_progress: tool(
    "Note how far the present task is.",
    v.object({
      percent: v.optional(v.pipe(amount, v.maxValue(100))),
      note: text(4000),
    }),
    { idempotentHint: true },
  ),
  log_activity: tool(
    "Record one thing you did.",
    v.object({ action: text(1000), details: v.optional(v.pipe(v.string(), v.maxLength(100_000))) }),
  ),
  report_metrics: tool(
    "Report figures of your work so far.",
    v.object({
      tokens_used: v.optional(amount),
      estimated_cost: v.optional(v.pipe(amount, v.description("US dollars"))),
      failed_tests: v.optional(amount),
    }),
    { idempotentHint: true },
  ),
  ask_human: waitingTool(
    "Ask your operator what only they can decide.",
    v.object({
      question: text(20_000),
      context: v.optional(v.pipe(v.string(), v.maxLength(20_000))),
      choices: v.optional(v.pipe(v.array(text(500)), v.maxLength(20))),
      ...waiting,
    }),
  ),
  request_stop_approval: waitingTool(
    "Ask whether you may stop. Go on working until it is approved.",
    v.object({
      reason: text(4000),
      context: v.pipe(v.string(), v.maxLength(20_000)),
      work_completed: v.pipe(v.string(), v.maxLength(20_000)),
      ...waiting,
    }),
  ),
  withdraw_request: tool(
    "Withdraw a request that you no longer need.",
    v.object({ request_id: TokenSchema }),
    { idempotentHint: true },
  ),
  check_inbox: tool(
    "Take the commands, messages and answers that wait for you. Each is given once.",
    v.object({
      item: v.optional(v.pipe(TokenSchema, v.description("the id of a cut item, to read its rest"))),
      offset: v.optional(v.pipe(amount, v.integer())),
    }),
    // A call that is repeated because its answer was lost gets the same items.
    { idempotentHint: true },
  ),
  acknowledge: tool(
    "Say what became of a command from your inbox.",
    v.object({
      command_id: TokenSchema,
      outcome: v.picklist(["applied", "failed", "refused"]),
      note: v.optional(v.pipe(v.string(), v.maxLength(4000))),
    }),
    { idempotentHint: true },
  ),
  list_agents: tool("List the other agents and what they do.", v.object({}), { readOnlyHint: true }),
  send_message: onceTool(
    "Send a message to other agents; they read it with check_inbox.",
    v.object({
      to: v.pipe(
        v.string(),
        v.regex(/^(role:)?[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, "to is an agent id, role:NAME or all"),
        v.description("agent id, role:NAME or all"),
      ),
      text: messageText,
      reply_to: v.optional(v.pipe(TokenSchema, v.description("the message_id answered"))),
    }),
  ),
  reserve: tool(
    "Keep files for yourself for a time. Other agents are warned, or cannot change them.",
    v.object({
      paths: v.pipe(reservedPaths, v.description("each a file, a directory, or as src/**")),
      minutes: v.pipe(v.number(), v.minValue(1), v.maxValue(mostMinutes)),
      why: text(200),
    }),
    { idempotentHint: true },
  ),
  release: tool("Release files that you have reserved.", v.object({ paths: reservedPaths }), {
    idempotentHint: true,
  }),
  decide: captainsTool(
    "Decide another agent's request.",
    v.object({
      request_id: TokenSchema,
      decision: v.pipe(
        text(20_000),
        v.description("approve or refuse; for a question, the answer (for several, a line each)"),
      ),
      reason: text(4000),
    }),
  ),
  escalate: captainsTool(
    "Hand a request to the people.",
    v.object({ request_id: TokenSchema, reason: text(4000) }),
  ),
  broadcast: captainsTool("Tell all agents something.", v.object({ text: messageText })),
  command_agent: captainsTool(
    "Give an agent an order.",
    v.object({
      id: AgentIdSchema,
      type: CommandTypeSchema,
      payload: v.optional(v.pipe(text(mostText, tooLong), v.description("the task, or the reason"))),
    }),
  ),
  spawn_agent: captainsTool(
    "Launch an agent that works on a task until it is done.",
    v.object({
      profile: text(58),
      task: text(100_000),
      project: v.optional(v.pipe(v.string(), v.maxLength(4096), v.description("its folder"))),
      node: v.optional(v.pipe(text(32), v.description("a machine that has joined"))),
    }),
  ),
} satisfies Record<string, ToolDefinition>;

export type ToolName = keyof typeof tools;
export type ToolArguments<Name extends ToolName> = v.InferOutput<(typeof tools)[Name]["schema"]>;

export const toolNames = Object.keys(tools) as ToolName[];

export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(tools, name);
}
