// Stores an agent's request to a person or a captain, and waits for the answer for as long as the agent wants. A later answer comes by
// check_inbox.
import { definedOf } from "../../domain/defined.ts";
import { answersOf, answerText } from "../../domain/request-answer.ts";
import {
  type AgentRequest,
  answerMessageId,
  endsWithRun,
  isApproval,
  isOpen,
} from "../../domain/requests.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { defaultWaitS } from "../../domain/wire/tools/tool-definition.ts";
import { idOfCall } from "./call-id.ts";
import type { ToolContext } from "./tool-context.ts";

/** The most open requests of one agent and kind, so that an agent that asks in a loop does not bury other agents' requests, and its host can still ask. */
const mostOpenRequests = 20;

export interface Asking
  extends Pick<AgentRequest, "kind" | "question" | "on_expiry">,
    Partial<
      Pick<AgentRequest, "context" | "choices" | "questions" | "plan" | "tool" | "held" | "holds_turn">
    > {
  readonly waitS?: number | undefined;
  readonly expiresS?: number | undefined;
}

/**
 * Resolves with the answer, or with a note that the request is open. A repeated call is the same request, and waits for the rest of its
 * time. If the client cancels the call, the request stays open, and the agent finds the answer in its inbox. An agent that does not need
 * the answer any more calls withdraw_request.
 */
export async function ask(asking: Asking, context: ToolContext): Promise<unknown> {
  const { id, requests, now } = context;
  const { waitS = defaultWaitS, expiresS, ...facts } = asking;
  const asked = await put(facts, expiresS, context);
  // Never wait longer than asked for, even if the clock was set back.
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
    // Also tell `by`, because a refusal by the policy (nobody answered) is not a person's refusal.
    const verdict = isApproval(request)
      ? { approved: request.answer?.approved === true, by: request.answer?.by }
      : {};
    return {
      request_id,
      note: "your request is answered, and check_inbox has given you the answer already",
      ...verdict,
    };
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
  { id, instanceId: run, requests, call, now }: ToolContext,
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
    ...(endsWithRun(facts) ? definedOf({ run }) : {}),
    asked_at: at.toISOString(),
    ...(expiresS === undefined
      ? {}
      : { expires_at: new Date(at.getTime() + expiresS * 1_000).toISOString() }),
    state: "asked",
  });
  if (requests.countBefore(asked) < mostOpenRequests) return asked;
  // Another serve has stored requests at the same moment, so that this one is over the limit.
  await requests.decide(request_id, { type: "withdraw", at: now().toISOString() });
  throw tooMany();
}

function tooMany(): CliaiError {
  return new CliaiError("refused", `${mostOpenRequests} of your requests wait already`, {
    hint: "wait for their answers, or withdraw those that you no longer need with withdraw_request",
  });
}
