// The schema of the field `model_request` of a heartbeat: what becomes of the agent's request to its model server.
import * as v from "valibot";
import { count, shortText, timestamp } from "./fields.ts";

/**
 * `waiting`: the request waits in the queue. `working`: the server works on it. `unqueued`: the server works on it, but it did not wait in the
 * queue. `cancelled`: nobody waits for it any more, but the server still works on it. `idle`: there is no request.
 */
export const modelRequestStates = ["waiting", "working", "unqueued", "cancelled", "idle"] as const;

export const ModelRequestSchema = v.looseObject(
  {
    /** The server's name in the queue. */
    server: shortText("model_request.server"),
    /** The model that was asked for last, by the name that a person knows. */
    model: v.optional(shortText("model_request.model")),
    /** How many requests the server works on at the same time, as this agent's host was told. */
    slots: v.optional(count("model_request.slots")),
    state: v.picklist(
      modelRequestStates,
      `model_request.state must be one of ${modelRequestStates.join(", ")}`,
    ),
    /** Since when it is in this state, by the clock of the heartbeat's `timestamp`. */
    since: timestamp,
    /** With `waiting`: the place in the queue, from 1, and how many wait there. */
    place: v.optional(count("model_request.place")),
    waiting: v.optional(count("model_request.waiting")),
    /** If the agent has several requests: how many of them the server has, and how many wait. */
    running: v.optional(count("model_request.running")),
    queued: v.optional(count("model_request.queued")),
    /** While the server reads the prompt: how many of its tokens it has read or had in its cache, and how many there are. */
    prompt_read: v.optional(count("model_request.prompt_read")),
    prompt_tokens: v.optional(count("model_request.prompt_tokens")),
    /** With `unqueued`: why it did not wait in the queue. */
    why: v.optional(shortText("model_request.why")),
    /** Of the last answer: tokens a second, and the part of the prompt that was in the server's cache, from 0 to 1. */
    tokens_per_s: v.optional(count("model_request.tokens_per_s")),
    cached_share: v.optional(count("model_request.cached_share")),
  },
  "model_request must be an object",
);
export type ModelRequest = v.InferOutput<typeof ModelRequestSchema>;
