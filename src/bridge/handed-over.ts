// Writes down what became of something that was handed to the agent's CLI: a receipt for each command or message.
import type { AgentId } from "../domain/agent-id.ts";
import { messageOf } from "../domain/errors.ts";
import type { Receipt } from "../domain/messages.ts";
import { receiptMessageId } from "../domain/receipts.ts";
import { agentSubject } from "../domain/subjects.ts";
import type { Logger } from "../log.ts";
import type { Link } from "./link.ts";

export interface ReceiptWriter {
  readonly id: AgentId;
  readonly link: Link;
  readonly now: () => Date;
  readonly log: Logger;
}

/** A receipt that cannot be stored is only logged: the server then gives the same once more. */
export async function writeReceipt(
  { id, link, now, log }: ReceiptWriter,
  facts: Pick<Receipt, "command_id" | "state" | "route" | "detail">,
): Promise<void> {
  const receipt = { agent_id: id, ...facts, timestamp: now().toISOString() };
  const messageId = receiptMessageId(id, facts.command_id, facts.state);
  try {
    await link.bus()?.publishStored(agentSubject(id, "receipt"), receipt, { id: messageId });
  } catch (error) {
    log.warn(`the receipt of ${facts.command_id} is not stored: ${messageOf(error)}`);
  }
}

/** @param route the tool whose result carried them, or the host's way of handing over */
export async function writeHandedOver(
  writer: ReceiptWriter,
  commandIds: readonly string[],
  route: string,
): Promise<void> {
  for (const command_id of commandIds) await writeReceipt(writer, { command_id, state: "injected", route });
}
