// A subject on which any serve carries out what the operator's commands ask for, and answers with the result or with the error. No
// agent's account reaches such a subject.
import * as v from "valibot";
import { definedOf } from "../domain/defined.ts";
import { CliaiError, isErrorCode, messageOf } from "../domain/text/errors.ts";
import { checkMessage, decodeMessage } from "../domain/wire/decode.ts";
import { serveQueueGroup } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";

const AskerSchema = v.object({
  /**
   * An inbox of the asker. While serve works on the request, it publishes an empty object there every `signEveryMs`: a sign of life. Absent
   * if the asker is of an older version, and waits for a fixed time. Only an inbox is accepted, because serve may publish on every subject.
   */
  signs_to: v.optional(v.pipe(v.string(), v.regex(/^_INBOX\.[\w-]+$/, "signs_to is not an inbox"))),
});
const signEveryMs = 5_000;
const lookEveryMs = 250;

const AnswerSchema = v.object({
  result: v.optional(v.unknown()),
  error: v.optional(v.object({ code: v.string(), message: v.string(), hint: v.optional(v.string()) })),
});
type Answer = v.InferOutput<typeof AnswerSchema>;

const busy: Answer = {
  error: { code: "refused", message: "too many ask at the same time", hint: "try it again in a moment" },
};

export interface OperatorDesk<Request, Result> {
  readonly subject: string;
  readonly request: v.GenericSchema<unknown, Request>;
  readonly result: v.GenericSchema<unknown, Result>;
  /** How long to wait for the answer. With `workWithinMs`, how long to wait for the next sign of life. */
  readonly answerWithinMs: number;
  /** How long to wait in all while signs of life come. Without it, no signs of life are asked for. */
  readonly workWithinMs?: number;
}

export interface DeskLimits {
  /** How many requests may wait for an answer. One more is refused at once, before it is read. Default: any number. */
  readonly mostAtOnce?: number;
}

/** Returns the function that ends it. */
export function openOperatorDesk<Request, Result>(
  bus: Bus,
  { subject, request }: OperatorDesk<Request, Result>,
  work: (request: Request) => Promise<Result>,
  log: Logger,
  { mostAtOnce = Number.POSITIVE_INFINITY }: DeskLimits = {},
): () => void {
  let waiting = 0;
  const answer = async (data: Uint8Array): Promise<Answer> => {
    let signs: NodeJS.Timeout | undefined;
    try {
      const { signs_to } = decodeMessage(AskerSchema, data);
      if (signs_to !== undefined) {
        signs = setInterval(() => {
          if (bus.isConnected()) bus.publish(signs_to, {});
        }, signEveryMs);
      }
      return { result: await work(decodeMessage(request, data)) };
    } catch (error) {
      if (error instanceof CliaiError) return error.toJSON();
      log.error(`${subject}: ${messageOf(error)}`);
      return { error: { code: "failed", message: messageOf(error) } };
    } finally {
      clearInterval(signs);
    }
  };
  return bus.subscribe(
    subject,
    (message) => {
      if (waiting >= mostAtOnce) return message.reply(busy);
      waiting += 1;
      answer(message.data)
        .finally(() => {
          waiting -= 1;
        })
        .then((body) => message.reply(body))
        .catch((error: unknown) => log.warn(`${subject}: ${messageOf(error)}`));
    },
    { queue: serveQueueGroup },
  );
}

/**
 * @param onSlow called once, at the first sign of life
 * @throws CliaiError `server_unreachable` if no serve runs; `no_answer`; the error that serve answers with
 */
export async function askOperatorDesk<Request extends object, Result>(
  bus: Bus,
  desk: OperatorDesk<Request, Result>,
  request: Request,
  onSlow?: () => void,
): Promise<Result> {
  const { subject, result: schema, answerWithinMs, workWithinMs } = desk;
  const data =
    workWithinMs === undefined
      ? await bus.request(subject, request, { timeoutMs: answerWithinMs })
      : await requestPatiently(bus, { subject, request, answerWithinMs, workWithinMs, onSlow });
  const { result, error } = decodeMessage(AnswerSchema, data);
  if (error === undefined) return checkMessage(schema, result);
  const code = isErrorCode(error.code) ? error.code : "failed";
  throw new CliaiError(code, error.message, definedOf({ hint: error.hint }));
}

interface PatientRequest {
  readonly subject: string;
  readonly request: object;
  /** Since the last sign of life. */
  readonly answerWithinMs: number;
  readonly workWithinMs: number;
  readonly onSlow: (() => void) | undefined;
}

async function requestPatiently(bus: Bus, options: PatientRequest): Promise<Uint8Array> {
  const { subject, request, answerWithinMs, workWithinMs, onSlow } = options;
  const signs_to = `_INBOX.${crypto.randomUUID()}`;
  let heardMs = performance.now();
  let isSlow = false;
  const endSigns = bus.subscribe(signs_to, () => {
    heardMs = performance.now();
    if (!isSlow) onSlow?.();
    isSlow = true;
  });
  const silence = new AbortController();
  const look = setInterval(() => {
    if (performance.now() - heardMs > answerWithinMs) silence.abort();
  }, lookEveryMs);
  try {
    const waiting = { timeoutMs: workWithinMs, signal: silence.signal };
    return await bus.request(subject, { ...request, signs_to }, waiting);
  } catch (error) {
    if (!silence.signal.aborted) throw error;
    throw new CliaiError(
      "no_answer",
      `no answer and no sign of life for ${answerWithinMs / 1000} s: ${subject}`,
      {
        hint: "see whether the server runs and what it says: cliai status --log",
        cause: error,
      },
    );
  } finally {
    clearInterval(look);
    endSigns();
  }
}
