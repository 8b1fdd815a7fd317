// The schemas of `tools.call.ID`: an agent's call of a tool, and the answer to it.
import * as v from "valibot";
import { AgentIdSchema } from "./agent-id.ts";
import { anyObject, count, shortText, TokenSchema } from "./fields.ts";

export const ToolCallSchema = v.looseObject({
  request_id: v.optional(TokenSchema),
  agent_id: v.optional(AgentIdSchema),
  tool: shortText("tool"),
  arguments: v.optional(anyObject("arguments"), {}),
  /** The caller's run (`instance_id` of its heartbeats). Items that a run got and did not confirm are free for the next run. */
  instance_id: v.optional(shortText("instance_id")),
  /** Set by a caller that itself writes the receipts of the items that it gets (`takes`), once its CLI has them. */
  confirms: v.optional(v.boolean("confirms must be true or false")),
});
export type ToolCall = v.InferOutput<typeof ToolCallSchema>;

export const ToolResponseSchema = v.looseObject({
  request_id: v.nullish(v.string()),
  success: v.boolean("success must be true or false"),
  result: v.optional(v.unknown()),
  error: v.optional(v.string()),
  /** The ids of the commands and messages that this result hands over. */
  takes: v.optional(v.array(TokenSchema)),
  /** The tokens of these orders, by their ids, for the receipts that the caller writes. Orders without a token are left out. */
  tokens: v.optional(v.record(TokenSchema, TokenSchema)),
  /** How many commands and messages wait in the agent's inbox: a reminder to call check_inbox. */
  queued: v.optional(count("queued")),
});
export type ToolResponse = v.InferOutput<typeof ToolResponseSchema>;
