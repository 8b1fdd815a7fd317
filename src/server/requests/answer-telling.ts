// Sends a decided request's answer to its agent as a message, once.

import { answerText } from "../../domain/request-answer.ts";
import { type AgentRequest, answerMessageId, isOfAgent } from "../../domain/requests.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Bucket } from "../../nats/jetstream/bucket.ts";
import { createOrderToken, messageStoredAs } from "../order-names.ts";
import { storeOnce } from "../removed-agents.ts";

/** Returns a function that sends a decision to the agent as a message, once. If that fails, the next tick tries again. */
export function createTelling(
  bus: Bus,
  bucket: Bucket,
  now: () => Date,
  log: Logger,
): (request: AgentRequest) => void {
  const telling = new Set<string>();
  return (request) => {
    const id = request.request_id;
    if (!isDecided(request) || request.told_at !== undefined || telling.has(id)) return;
    telling.add(id);
    tellAgent(bus, bucket, request, now)
      .catch((error: unknown) => log.debug(`the answer to ${id} is not sent yet: ${messageOf(error)}`))
      .finally(() => telling.delete(id));
  };
}

/** What a person answers about a budget is told to the agent by what follows: it goes on, or is stopped. */
function isDecided(request: AgentRequest): boolean {
  return isOfAgent(request) && (request.state === "answered" || request.state === "expired");
}

/** Sends the answer as a message. The message's id and `told_at` in the request prevent that it is sent twice. */
async function tellAgent(bus: Bus, bucket: Bucket, request: AgentRequest, now: () => Date): Promise<void> {
  const { request_id, agent_id, answer } = request;
  const message_id = answerMessageId(request_id);
  const message = {
    message_id,
    token: createOrderToken(),
    kind: "answer",
    request_id,
    from: answer?.by ?? "policy",
    to: agent_id,
    text: answerText(request),
    ...(answer?.approved === undefined ? {} : { approved: answer.approved }),
  };
  const storedAs = messageStoredAs(agent_id, message_id);
  await storeOnce(bus, { id: agent_id, subject: agentSubject(agent_id, "message"), storedAs }, message);
  const entry = await bucket.entry(request_id);
  // Another server may have marked it already; then there is nothing left to do.
  if (entry !== undefined) {
    await bucket.replace(request_id, { ...request, told_at: now().toISOString() }, entry.revision);
  }
}
