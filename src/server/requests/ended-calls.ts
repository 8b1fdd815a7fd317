// Withdraws the requests of a run that has ended, because no call waits for their answers any more: approving one would approve nothing.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { hasRunEnded } from "../../domain/fleet/runs.ts";
import { type AgentRequest, isOpen, type RequestAction } from "../../domain/requests.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { RequestService } from "./request-store.ts";

const lookEveryMs = 500;

export interface EndedCallsOptions {
  readonly isConnected: () => boolean;
  readonly record: (id: AgentId) => AgentRecord | undefined;
  readonly requests: Pick<RequestService, "open" | "decide">;
  readonly now: () => Date;
  readonly log: Logger;
}

/** What to do with a request whose run has ended; undefined as long as its call may wait for the answer. */
export function withdrawalOf(
  request: AgentRequest,
  record: AgentRecord | undefined,
  now: Date,
): RequestAction | undefined {
  const { run, asked_at } = request;
  if (!isOpen(request) || run === undefined || record === undefined) return undefined;
  if (!hasRunEnded(record, run, asked_at)) return undefined;
  return { type: "withdraw", at: now.toISOString(), because: "that call ended with its session" };
}

/** Every serve does it, as it does with expiry. Returns a function that ends it. */
export function withdrawWithRuns({ isConnected, record, requests, now, log }: EndedCallsOptions): () => void {
  const timer = setInterval(() => {
    if (!isConnected()) return;
    for (const request of requests.open()) {
      const { request_id, agent_id } = request;
      const withdrawal = withdrawalOf(request, record(agent_id), now());
      if (withdrawal === undefined) continue;
      requests.decide(request_id, withdrawal).catch((error: unknown) => {
        log.debug(`withdrawal of ${request_id}: ${messageOf(error)}`);
      });
    }
  }, lookEveryMs);
  return () => clearInterval(timer);
}
