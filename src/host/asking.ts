// What the host asks a person or a captain for its session, through the server: each a request that is taken back once nobody
// waits for its answer any more.
import * as v from "valibot";
import type { ToolCaller, ToolOutcome } from "../agent-link/tool-call.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { ToolName } from "../domain/wire/tools.ts";
import type { Logger } from "../log.ts";
import { pause } from "../waiting.ts";

const AnswerSchema = v.object({
  request_id: v.optional(v.string()),
  approved: v.optional(v.boolean()),
  by: v.optional(v.string()),
  answer: v.optional(v.string()),
  answers: v.optional(v.array(v.string())),
});
export interface ReadAnswer extends v.InferOutput<typeof AnswerSchema> {
  /** The ids of the messages that it carries. */
  readonly takes: readonly string[];
}

export interface Asking {
  /**
   * Undefined where there is no answer: the server is away, or nobody waits for it any more. Where it was asked and nobody
   * answered in time, the answer has no words.
   */
  ask(
    name: ToolName,
    args: Record<string, unknown>,
    signal: AbortSignal | undefined,
  ): Promise<ReadAnswer | undefined>;
  /** Nothing is asked any more. Resolves when what was asked is taken back, or it took too long. */
  stop(): Promise<void>;
}

export interface AskingOptions {
  readonly call: ToolCaller;
  /** Makes the ids of calls. */
  readonly createId: () => string;
  readonly log: Logger;
}

/** The call itself may be on its way to the server still. */
const withdrawTries = 3;
const withdrawAgainMs = 500;
const withdrawWithinMs = 1_500;

export function createAsking({ call, createId, log }: AskingOptions): Asking {
  const ending = new AbortController();
  const asking = new Set<Promise<unknown>>();
  const withdrawals = new Set<Promise<unknown>>();

  const withdraw = async (callId: string) => {
    const signal = AbortSignal.timeout(withdrawWithinMs);
    for (let tries = 1; !signal.aborted; tries += 1) {
      try {
        const { isError } = await call("withdraw_request", { request_id: callId }, signal);
        if (!isError || tries === withdrawTries) break; // over by now: decided, or never asked
      } catch (error) {
        log.debug(`taking back ${callId}: ${messageOf(error)}`);
      }
      await pause(withdrawAgainMs, signal);
    }
  };
  const askUntil = async (name: ToolName, args: Record<string, unknown>, over: AbortSignal) => {
    const callId = createId();
    try {
      return readAnswer(await call(name, args, over, callId));
    } catch (error) {
      if (!over.aborted) throw error;
      void keep(withdrawals, withdraw(callId));
      return undefined;
    }
  };
  return {
    async ask(name, args, signal) {
      const over = new AbortController();
      const abort = () => over.abort();
      const signals = [ending.signal, ...(signal === undefined ? [] : [signal])];
      if (signals.some(({ aborted }) => aborted)) return undefined;
      for (const each of signals) each.addEventListener("abort", abort, { once: true });
      try {
        return await keep(asking, askUntil(name, args, over.signal));
      } finally {
        for (const each of signals) each.removeEventListener("abort", abort);
      }
    },
    async stop() {
      ending.abort();
      await Promise.allSettled(asking);
      await Promise.allSettled(withdrawals);
    },
  };
}

/** Remembers what is not over yet. */
function keep<T>(set: Set<Promise<unknown>>, promise: Promise<T>): Promise<T> {
  set.add(promise);
  const forget = () => void set.delete(promise);
  promise.then(forget, forget);
  return promise;
}

function readAnswer({ isError, result, takes = [] }: ToolOutcome): ReadAnswer | undefined {
  const read = v.safeParse(AnswerSchema, result);
  return !isError && read.success ? { ...read.output, takes } : undefined;
}
