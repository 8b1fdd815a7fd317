// Asks people what a guest asks in the middle of its answer, as questions of our own, and tells it what they answer.

import type { ToolCaller } from "../../agent-link/tool-call.ts";
import { type HeardQuery, replyText } from "../../domain/agent-protocol/heard-pieces.ts";
import { type AgentRequest, isOpen } from "../../domain/requests.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import { mostWaitS } from "../../domain/wire/tools/tool-definition.ts";
import type { Logger } from "../../log.ts";
import type { RequestReading } from "../../server/server-desks.ts";
import type { GuestAnswers } from "./guest-answers.ts";

export interface GuestQueries {
  ask(query: HeardQuery): void;
  /** Whether it has asked anything. */
  hasAsked(): boolean;
  /** How many wait for their answers. */
  open(): number;
  /** Withdraws the questions that are still open, because nobody waits for their answers any more. */
  stop(): Promise<void>;
}

export interface GuestQueriesOptions {
  /** Calls the tools of cliai in the guest's name. */
  readonly call: ToolCaller;
  /** Publishes an answer. Resolves with false if nobody listens there. */
  readonly reply: (subject: string, text: string) => Promise<boolean>;
  readonly answers: Pick<GuestAnswers, "told">;
  readonly requests: Pick<RequestReading, "all" | "onChange">;
  readonly log: Logger;
}

const longestQuestion = 20_000;
/** How many questions of one answer may be open at once; others get no answer. */
const mostOpen = 16;
const withdrawWithinMs = 5_000;

export function createGuestQueries(options: GuestQueriesOptions): GuestQueries {
  const { call, reply, answers, requests, log } = options;
  const over = new AbortController();
  const open = new Set<Promise<void>>();
  let hasAsked = false;

  const ask = async ({ replySubject, prompt }: HeardQuery) => {
    const requestId = crypto.randomUUID();
    const words = prompt.trim() === "" ? "It asks, and does not say what." : prompt;
    const args = { question: beginningOf(words, longestQuestion - 1), wait_s: mostWaitS };
    try {
      const { isError, text, result, takes = [] } = await call("ask_human", args, over.signal, requestId);
      if (isError) return log.warn(`a question is not asked: ${text}`);
      const answer = answerIn(result);
      // What comes instead of an answer is for a model that reads it: the protocol has nothing for it.
      if (answer !== undefined) answers.told(takes, await reply(replySubject, replyText(answer)));
    } catch (error) {
      if (!over.signal.aborted) log.warn(`a question has got no answer: ${messageOf(error)}`);
      else await withdraw(requestId);
    }
  };
  const withdraw = async (requestId: string) => {
    const signal = AbortSignal.timeout(withdrawWithinMs);
    const tryOnce = () => call("withdraw_request", { request_id: requestId }, signal);
    try {
      if (!(await tryOnce()).isError) return;
      // Somebody has answered it just now, or it was not stored yet: the withdrawal is handled while the question is being stored.
      const isAsked = ({ call_id }: AgentRequest) => call_id === requestId;
      if (await isOpenOnceKnown(requests, isAsked, signal)) await tryOnce();
    } catch (error) {
      log.debug(`a question is not withdrawn: ${messageOf(error)}`);
    }
  };
  return {
    ask(query) {
      if (open.size >= mostOpen) return log.debug(`a question is left out: ${mostOpen} are open`);
      hasAsked = true;
      const asking: Promise<void> = ask(query).finally(() => open.delete(asking));
      open.add(asking);
    },
    open: () => open.size,
    hasAsked: () => hasAsked,
    async stop() {
      over.abort();
      await Promise.allSettled(open);
    },
  };
}

/** The answer in the result of `ask_human`; undefined if nobody has answered. */
function answerIn(result: unknown): string | undefined {
  const { answer } = (result ?? {}) as { readonly answer?: unknown };
  return typeof answer === "string" ? answer : undefined;
}

/** Whether the request is open when it is known; false if it does not become known before the signal aborts. */
async function isOpenOnceKnown(
  { all, onChange }: GuestQueriesOptions["requests"],
  isIt: (request: AgentRequest) => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const known = Promise.withResolvers<boolean>();
  const look = () => {
    const request = all().find(isIt);
    if (request !== undefined) known.resolve(isOpen(request));
  };
  const giveUp = () => known.resolve(false);
  const unlisten = onChange(look);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    if (signal.aborted) giveUp();
    look();
    return await known.promise;
  } finally {
    unlisten();
    signal.removeEventListener("abort", giveUp);
  }
}
