// Asks the caller of a prompt what its agent asks meanwhile. The caller's answer goes the way of everybody's answer: the first one counts.
import { queryText, readReply } from "../domain/agent-protocol/query-words.ts";
import { type AgentRequest, isApproval, isOpen } from "../domain/requests.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Logger } from "../log.ts";
import type { Server } from "../server/server.ts";

/** Asks the caller, and calls `onAnswer` with its first answer. Returns the function that ends that. */
export type AskCaller = (text: string, onAnswer: (data: Uint8Array) => void) => () => void;

export interface CallerQueriesOptions {
  readonly id: AgentId;
  readonly requests: Server["requests"];
  /** Whether the caller may give permissions and approve stops. */
  readonly mayPermit: boolean;
  /** In whose name it answers. */
  readonly by: string;
  readonly ask: AskCaller;
  readonly log: Logger;
}

/** Asks what the agent asks from now on. Returns the function that ends it. */
export function followQueries(options: CallerQueriesOptions): () => void {
  const { id, requests, mayPermit, by, ask, log } = options;
  const before = new Set(requests.open().map(({ request_id }) => request_id));
  /** Request -> ends the waiting for the caller's answer. */
  const waiting = new Map<string, () => void>();

  const askCaller = (request: AgentRequest, problem?: string) => {
    const onAnswer = (data: Uint8Array) => void answer(request, data);
    waiting.set(request.request_id, ask(queryText(request, problem), onAnswer));
  };
  const answer = async (request: AgentRequest, data: Uint8Array) => {
    const { request_id } = request;
    waiting.get(request_id)?.();
    try {
      await requests.answer(request_id, readReply(request, data), by);
    } catch (error) {
      const isWrong = error instanceof CliaiError && ["usage", "message_invalid"].includes(error.code);
      const isStillAsked = waiting.has(request_id) && isOpen(requests.get(request_id) ?? request);
      if (isWrong && isStillAsked) askCaller(request, messageOf(error));
      else log.debug(`${by} did not answer ${request_id}: ${messageOf(error)}`);
    }
  };
  const take = (request: AgentRequest) => {
    const { request_id, agent_id } = request;
    if (agent_id !== id || before.has(request_id)) return;
    if (!isOpen(request)) {
      waiting.get(request_id)?.();
      waiting.delete(request_id);
    } else if (!waiting.has(request_id) && (mayPermit || !isApproval(request))) askCaller(request);
  };
  const stop = requests.onChange(take);
  return () => {
    stop();
    for (const end of waiting.values()) end();
    waiting.clear();
  };
}
