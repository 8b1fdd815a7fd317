import { expect, test } from "bun:test";
import { createGuestQueries } from "../../../src/agent-protocol/guests/guest-queries.ts";
import type { AgentRequest } from "../../../src/domain/requests.ts";
import { silentLogger } from "../../../src/log.ts";
import { until } from "../../support/wait-for.ts";

test("withdraws a question again that its withdrawal has overtaken", async () => {
  const stored: AgentRequest[] = [];
  const listeners = new Set<(request: AgentRequest) => void>();
  const withdrawals: { readonly id: unknown; readonly isKnown: boolean }[] = [];
  let callId: string | undefined;
  const queries = createGuestQueries({
    call: async (name, { request_id }, signal, requestId) => {
      if (name === "ask_human") {
        callId = requestId;
        await new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)),
        );
      }
      const isKnown = stored.length > 0;
      withdrawals.push({ id: request_id, isKnown });
      return { isError: !isKnown, text: "" };
    },
    requests: {
      all: () => stored,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    ...{ reply: async () => true, answers: { told: () => undefined }, log: silentLogger },
  });
  queries.ask({ replySubject: "_INBOX.1", prompt: "Which?" });
  const stopped = queries.stop();
  await until("the first withdrawal has found nothing", () => listeners.size === 1);
  const request = { request_id: "r", call_id: callId, state: "asked" } as AgentRequest;
  stored.push(request);
  for (const listener of listeners) listener(request);
  await stopped;
  expect(withdrawals).toEqual([
    { id: callId, isKnown: false },
    { id: callId, isKnown: true },
  ]);
  expect(listeners.size).toBe(0);
});
