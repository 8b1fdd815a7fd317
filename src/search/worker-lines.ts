// The lines between serve and the process with the index: one JSON object a line, a question with an id, and its answer with the same id.
import * as v from "valibot";
import { FindAskSchema } from "./search.ts";

export const WorkerAskSchema = v.variant("act", [
  v.object({ act: v.literal("find"), id: v.number(), ask: FindAskSchema }),
  v.object({ act: v.literal("forget"), id: v.number(), agent_id: v.string() }),
]);
export type WorkerAsk = v.InferOutput<typeof WorkerAskSchema>;

const ErrorSchema = v.object({ code: v.string(), message: v.string(), hint: v.optional(v.string()) });

/** Without an `id`: why the process ends. */
export const WorkerAnswerSchema = v.object({
  id: v.optional(v.number()),
  result: v.optional(v.unknown()),
  error: v.optional(ErrorSchema),
});
export type WorkerAnswer = v.InferOutput<typeof WorkerAnswerSchema>;
