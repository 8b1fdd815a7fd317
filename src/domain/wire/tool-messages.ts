// `tools.call.ID`: an agent's call of a tool, and the answer to it.
import * as v from "valibot";
import { AgentIdSchema } from "./agent-id.ts";
import { anyObject, count, shortText, TokenSchema } from "./fields.ts";

export const ToolCallSchema = v.looseObject({
  request_id: v.optional(TokenSchema),
  agent_id: v.optional(AgentIdSchema),
  tool: shortText("tool"),
  arguments: v.optional(anyObject("arguments"), {}),
  /** The caller's run, as its heartbeats name it: what a run was given and did not confirm is free for the next. */
  instance_id: v.optional(shortText("instance_id")),
  /** Set by a caller that writes the receipts of what it is handed (`takes`) itself, once its CLI has it. */
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
  /** The tokens of those of them that have one, by their ids: for the receipts that the caller writes. */
  tokens: v.optional(v.record(TokenSchema, TokenSchema)),
  /** How many commands and messages wait in the agent's inbox: a reminder to call check_inbox. */
  inbox_waiting: v.optional(count("inbox_waiting")),
});
export type ToolResponse = v.InferOutput<typeof ToolResponseSchema>;
