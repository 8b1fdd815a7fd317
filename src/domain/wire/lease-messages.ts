// The schemas of `modelserver.lease.ID`: a gate asks for the right to send one request to a model server, and what serve answers.
import * as v from "valibot";
import { AgentIdSchema } from "./agent-id.ts";
import { count, shortText, TokenSchema, wholeNumber } from "./fields.ts";

/** `wait`: it waits for a lease. `hold`: its request is with the model server. `end`: its request is over, or not needed any more. */
export const leaseActs = ["wait", "hold", "end"] as const;

export const LeaseAskSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  /** The id of the model request: the same in all messages about that request. */
  request_id: TokenSchema,
  act: v.picklist(leaseActs, `act must be one of ${leaseActs.join(", ")}`),
  /** The server's name in the queue. */
  server: shortText("server"),
  /** "" for a server that has one model only. */
  model: v.optional(shortText("model"), ""),
  /** How many requests the server works on at the same time. */
  slots: v.optional(
    v.pipe(
      wholeNumber("slots"),
      v.minValue(1, "slots is below 1"),
      v.maxValue(1_000, "slots is above 1,000"),
    ),
    1,
  ),
  /** With `wait`: how long it has waited. Only a serve that has started or begun to lead since then uses this. */
  waited_ms: v.optional(count("waited_ms"), 0),
  /** With `wait`: the slots that the model server itself calls idle, if the gate has asked it. */
  idle_slots: v.optional(
    v.pipe(
      v.array(v.pipe(wholeNumber("idle_slots"), v.maxValue(999, "idle_slots is above 999"))),
      v.maxLength(1_000, "idle_slots has more than 1,000 numbers"),
    ),
  ),
  /** With `idle_slots`: how many slots work on a request, also one that was sent without the queue. */
  busy_slots: v.optional(count("busy_slots")),
  /** With `hold`: the slot of the lease; absent if the request was sent without the queue. */
  slot: v.optional(v.pipe(wholeNumber("slot"), v.maxValue(999, "slot is above 999"))),
  /** With `end`: how long the server would need to read the prompt again that the slot has in its cache now. */
  reread_ms: v.optional(count("reread_ms"), 0),
});
export type LeaseAsk = v.InferOutput<typeof LeaseAskSchema>;

export const LeaseAnswerSchema = v.looseObject({
  state: v.optional(v.picklist(["waiting", "granted", "ended"])),
  /** With `waiting`: the place in the queue, from 1. */
  place: v.optional(count("place")),
  /** With `waiting`: how many requests wait for this server. */
  waiting: v.optional(count("waiting")),
  /** With `granted`: the slot of the lease. */
  slot: v.optional(count("slot")),
  error: v.optional(v.string()),
});
export type LeaseAnswer = v.InferOutput<typeof LeaseAnswerSchema>;
