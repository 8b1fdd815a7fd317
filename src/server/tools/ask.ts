// Stores an agent's question to a person or a captain, and waits for the answer as long as the agent wants. check_inbox
// gives an answer that comes later.
import {
  type AgentRequest,
  answerMessageId,
  answersOf,
  answerText,
  isApproval,
  isOpen,
} from "../../domain/requests.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { defaultWaitS } from "../../domain/wire/tools.ts";
import { idOfCall } from "./call-id.ts";
import type { ToolContext } from "./tool-context.ts";

/** The most open requests of one agent and kind, so that an agent that asks in a loop does not bury others' requests, or its host's. */
const mostOpenRequests = 20;

export interface Asking
  extends Pick<AgentRequest, "kind" | "question" | "on_expiry">,
    Partial<Pick<AgentRequest, "context" | "choices" | "questions" | "plan">> {
  readonly waitS?: number | undefined;
  readonly expiresS?: number | undefined;
}

/**
 * The answer, or that it was asked. A call that is made again is the same request, and waits for the rest of its time. A call
 * that the client cancels leaves the request open: whoever answers it is not answering into the void, for the agent finds the
 * answer in its inbox; an agent that needs it no more says so by withdraw_request.
 */
export async function ask(asking: Asking, context: ToolContext): Promise<unknown> {
  const { id, requests, now } = context;
  const { waitS = defaultWaitS, expiresS, ...facts } = asking;
  const asked = await put(facts, expiresS, context);
  // Never longer than asked for, because the clock may have been set back.
  const waitedMs = Math.max(0, now().getTime() - Date.parse(asked.asked_at));
  const waitMs = waitS * 1_000 - waitedMs;
  const { request_id } = asked;
  const request = isOpen(asked)
    ? ((await requests.waitForEnd(request_id, Math.max(0, waitMs))) ?? asked)
    : asked;
  if (isOpen(request)) return { request_id, note: "asked; the answer will come by check_inbox" };
  if (request.state === "withdrawn") return { request_id, note: answerText(request) };
  const given = await context.inbox.give(id, answerMessageId(request_id), context);
  if (given === undefined) {
    // By whom is told as well, because an end that the policy refused is not one that a person refused.
    const verdict = isApproval(request)
      ? { approved: request.answer?.approved === true, by: request.answer?.by }
      : {};
    return { request_id, note: "it is answered, and the answer was given by check_inbox", ...verdict };
  }
  context.handOver(given);
  if (request.answer === undefined) return { request_id, note: answerText(request) };
  const { approved, by } = request.answer;
  const answers = answersOf(request);
  return {
    request_id,
    answer: answerText(request),
    ...(answers === undefined ? {} : { answers }),
    by,
    ...(isApproval(request) ? { approved: approved === true } : {}),
  };
}

async function put(
  facts: Omit<Asking, "waitS" | "expiresS">,
  expiresS: number | undefined,
  { id, requests, call, now }: ToolContext,
): Promise<AgentRequest> {
  const request_id = idOfCall(call);
  const known = requests.get(request_id);
  if (known !== undefined) return known;
  if (requests.countOpen(id, facts.kind) >= mostOpenRequests) throw tooMany();
  const at = now();
  const asked = await requests.ask({
    ...facts,
    request_id,
    agent_id: id,
    call_id: call.requestId,
    asked_at: at.toISOString(),
    ...(expiresS === undefined
      ? {}
      : { expires_at: new Date(at.getTime() + expiresS * 1_000).toISOString() }),
    state: "asked",
  });
  if (requests.countBefore(asked) < mostOpenRequests) return asked;
  // Another serve has stored as many at the same moment.
  await requests.decide(request_id, { type: "withdraw", at: now().toISOString() });
  throw tooMany();
}

function tooMany(): CliaiError {
  return new CliaiError("refused", `${mostOpenRequests} of your requests wait already`, {
    hint: "wait for their answers, or take back what you need no more by withdraw_request",
  });
}
