// A subject on which any serve carries out what the operator's commands ask for, and answers with the result or with the error. No
// agent's account reaches such a subject.
import * as v from "valibot";
import { definedOf } from "../domain/defined.ts";
import { CliaiError, isErrorCode, messageOf } from "../domain/text/errors.ts";
import { checkMessage, decodeMessage } from "../domain/wire/decode.ts";
import { serveQueueGroup } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";

const AnswerSchema = v.object({
  result: v.optional(v.unknown()),
  error: v.optional(v.object({ code: v.string(), message: v.string(), hint: v.optional(v.string()) })),
});
type Answer = v.InferOutput<typeof AnswerSchema>;

export interface OperatorDesk<Request, Result> {
  readonly subject: string;
  readonly request: v.GenericSchema<unknown, Request>;
  readonly result: v.GenericSchema<unknown, Result>;
  /** Longer than the work takes. */
  readonly answerWithinMs: number;
}

/** Returns the function that ends it. */
export function openOperatorDesk<Request, Result>(
  bus: Bus,
  { subject, request }: OperatorDesk<Request, Result>,
  work: (request: Request) => Promise<Result>,
  log: Logger,
): () => void {
  const answer = async (data: Uint8Array): Promise<Answer> => {
    try {
      return { result: await work(decodeMessage(request, data)) };
    } catch (error) {
      if (error instanceof CliaiError) return error.toJSON();
      log.error(`${subject}: ${messageOf(error)}`);
      return { error: { code: "failed", message: messageOf(error) } };
    }
  };
  return bus.subscribe(
    subject,
    (message) => {
      answer(message.data)
        .then((body) => message.reply(body))
        .catch((error: unknown) => log.warn(`${subject}: ${messageOf(error)}`));
    },
    { queue: serveQueueGroup },
  );
}

/** @throws CliaiError `server_unreachable` if no serve runs; `no_answer`; the error that serve answers with */
export async function askOperatorDesk<Request, Result>(
  bus: Bus,
  { subject, result: schema, answerWithinMs: timeoutMs }: OperatorDesk<Request, Result>,
  request: Request,
): Promise<Result> {
  const { result, error } = decodeMessage(AnswerSchema, await bus.request(subject, request, { timeoutMs }));
  if (error === undefined) return checkMessage(schema, result);
  const code = isErrorCode(error.code) ? error.code : "failed";
  throw new CliaiError(code, error.message, definedOf({ hint: error.hint }));
}
