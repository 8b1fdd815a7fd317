// Stores a message that the operator writes to an agent, on the page or over the API.
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { agentSubject, streams } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { readLastMessage } from "../nats/jetstream/read-stream.ts";
import { pause } from "../waiting.ts";
import type { FleetState } from "./fleet/fleet-state.ts";
import { refuseStopped } from "./order-target.ts";
import type { OperatorMessage, SentMessage } from "./server.ts";
import { storeMessage } from "./tools/send-message.ts";

const copiedWithinMs = 1_000;
const lookEveryMs = 20;

/** @throws CliaiError `agent_unknown`; `refused` for an agent that was stopped; `usage` without a text; if the store takes nothing */
export async function storeOperatorMessage(
  context: { readonly bus: Bus; readonly fleet: FleetState; readonly now: () => Date },
  { to, text, from, reply_to, message_id = crypto.randomUUID(), thread = message_id }: OperatorMessage,
): Promise<SentMessage> {
  const view = context.fleet.require(to);
  if (text.trim() === "") {
    throw new CliaiError("usage", "a message needs a text", { hint: `write what ${to} should read` });
  }
  refuseStopped(view);
  const message = { from, to: view.agent_id, text, reply_to, thread, message_id, by_operator: true as const };
  await storeMessage(context, message);
  await untilCopied(context.bus, view.agent_id, message_id);
  return { message_id, thread };
}

/** AUDIT copies the message within milliseconds. Waits for that, so that a page that is made now shows it; but not for long. */
async function untilCopied(bus: Bus, to: AgentId, messageId: string): Promise<void> {
  const untilMs = performance.now() + copiedWithinMs;
  while (performance.now() < untilMs) {
    const last = await readLastMessage(bus, streams.audit, agentSubject(to, "message"));
    if (last !== undefined && new TextDecoder().decode(last.data).includes(messageId)) return;
    await pause(lookEveryMs);
  }
}
