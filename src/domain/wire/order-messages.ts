// What an agent is told: `agent.ID.command`, `agent.ID.shutdown` and `agent.ID.message`.
import * as v from "valibot";
import { anyObject, count, longText, orderToken, shortText, TokenSchema, timestamp } from "./fields.ts";

export const commandTypes = ["stop", "pause", "resume", "task"] as const;
export const CommandTypeSchema = v.picklist(commandTypes, `type must be one of ${commandTypes.join(", ")}`);
export type CommandType = v.InferOutput<typeof CommandTypeSchema>;

export const CommandSchema = v.looseObject({
  type: CommandTypeSchema,
  /** A task's words as text or `{text}`; `{reason?, force?}` for the others. */
  payload: v.optional(
    v.nullable(v.union([v.string(), anyObject("payload")], "payload must be text or an object")),
  ),
  command_id: v.optional(TokenSchema),
  token: orderToken,
  /** Of a stop, a pause, a resume: the run of the agent (`instance_id` of its heartbeats) that it is for. */
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
  /** As a command's. */
  run: v.optional(shortText("run")),
  deadline_s: v.optional(count("deadline_s")),
});
export type Shutdown = v.InferOutput<typeof ShutdownSchema>;

/**
 * What a message is beside a peer's words: the answer to a request, a request for a captain to decide, a captain's word
 * to all.
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
});
export type AgentMessage = v.InferOutput<typeof AgentMessageSchema>;
