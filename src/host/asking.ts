// Asks a person or a captain on behalf of the session, through the server. Each question is a request. The host withdraws it
// once the CLI no longer waits for the answer.
import * as v from "valibot";
import type { ToolCaller, ToolOutcome } from "../agent-link/tool-call.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { ToolName } from "../domain/wire/tools/tools.ts";
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
  /** The ids of the messages that the answer contains. */
  readonly takes: readonly string[];
}

export interface Asking {
  /**
   * Calls the tool `name`, and resolves with its answer. Undefined if the server is away, or if the signal aborted. If nobody
   * answered in time, the answer has no `answer`, `answers` or `approved`.
   */
  ask(
    name: ToolName,
    args: Record<string, unknown>,
    signal: AbortSignal | undefined,
    /** The id of the call, so that it can be asked again as the same request. Default: a new one. */
    callId?: string,
  ): Promise<ReadAnswer | undefined>;
  /** Withdraws all open requests, and asks nothing more. Resolves when they are withdrawn, or after `withdrawWithinMs`. */
  stop(): Promise<void>;
}

export interface AskingOptions {
  readonly call: ToolCaller;
  /** Makes the ids of calls. */
  readonly createId: () => string;
  readonly log: Logger;
}

/** Tries again, because the withdrawal may reach the server before the call that it withdraws. */
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
        if (!isError || tries === withdrawTries) break; // withdrawn, already decided, or never asked
      } catch (error) {
        log.debug(`withdrawing ${callId}: ${messageOf(error)}`);
      }
      await pause(withdrawAgainMs, signal);
    }
  };
  const askUntil = async (
    name: ToolName,
    args: Record<string, unknown>,
    over: AbortSignal,
    callId: string,
  ) => {
    try {
      return readAnswer(await call(name, args, over, callId));
    } catch (error) {
      if (!over.aborted) throw error;
      void keep(withdrawals, withdraw(callId));
      return undefined;
    }
  };
  return {
    async ask(name, args, signal, callId = createId()) {
      const over = new AbortController();
      const abort = () => over.abort();
      const signals = [ending.signal, ...(signal === undefined ? [] : [signal])];
      if (signals.some(({ aborted }) => aborted)) return undefined;
      for (const each of signals) each.addEventListener("abort", abort, { once: true });
      try {
        return await keep(asking, askUntil(name, args, over.signal, callId));
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

/** Keeps the promise in the set until it settles. */
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
