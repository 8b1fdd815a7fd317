// The schemas of orders: `agent.ID.command`, `agent.ID.shutdown` and `agent.ID.message`.
import * as v from "valibot";
import { anyObject, count, longText, orderToken, shortText, TokenSchema, timestamp } from "./fields.ts";

export const commandTypes = ["stop", "pause", "resume", "task"] as const;
export const CommandTypeSchema = v.picklist(commandTypes, `type must be one of ${commandTypes.join(", ")}`);
export type CommandType = v.InferOutput<typeof CommandTypeSchema>;

export const CommandSchema = v.looseObject({
  type: CommandTypeSchema,
  /** For a task: its text, or `{text}`. For the others: `{reason?, force?, deadline_s?}`, or the reason as text. */
  payload: v.optional(
    v.nullable(v.union([v.string(), anyObject("payload")], "payload must be text or an object")),
  ),
  command_id: v.optional(TokenSchema),
  token: orderToken,
  /** For a stop, pause or resume: the run (`instance_id` of the heartbeats) that it is for. */
  run: v.optional(shortText("run")),
  from: v.optional(shortText("from")),
  issued_at: timestamp,
  expires_at: timestamp,
});
export type Command = v.InferOutput<typeof CommandSchema>;

export const ShutdownSchema = v.looseObject({
  reason: v.nullish(longText("reason")),
  approved: v.optional(v.boolean("approved must be true or false")),
  force: v.optional(v.boolean("force must be true or false")),
  command_id: v.optional(TokenSchema),
  token: orderToken,
  /** As in {@link CommandSchema}. */
  run: v.optional(shortText("run")),
  deadline_s: v.optional(count("deadline_s")),
});
export type Shutdown = v.InferOutput<typeof ShutdownSchema>;

/**
 * What a message can be other than a text from another agent: the answer to a request, a request that a captain may decide, or a captain's
 * broadcast.
 */
export const messageKinds = ["answer", "request", "broadcast"] as const;

export const AgentMessageSchema = v.looseObject({
  message_id: v.optional(TokenSchema),
  token: orderToken,
  from: v.optional(shortText("from")),
  to: v.optional(shortText("to")),
  text: longText("text"),
  reply_to: v.optional(TokenSchema),
  /** The `message_id` of the message that the thread began with. */
  thread: v.optional(TokenSchema),
  kind: v.optional(v.picklist(messageKinds, `kind must be one of ${messageKinds.join(", ")}`)),
  request_id: v.optional(TokenSchema),
  /** Set if the operator wrote it, on the page or over the API. */
  by_operator: v.optional(v.boolean("by_operator must be true or false")),
});
export type AgentMessage = v.InferOutput<typeof AgentMessageSchema>;
