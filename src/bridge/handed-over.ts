// Writes down that the client was given something: a receipt for each command or message that a tool's result carried.
import type { AgentId } from "../domain/agent-id.ts";
import { messageOf } from "../domain/errors.ts";
import { receiptMessageId } from "../domain/receipts.ts";
import { agentSubject } from "../domain/subjects.ts";
import type { ToolName } from "../domain/tools.ts";
import type { Logger } from "../log.ts";
import type { Link } from "./link.ts";

/**
 * The route is the tool whose result carried them. A receipt that cannot be stored is only logged: the server then gives the
 * same once more.
 */
export async function writeHandedOver(
  { id, link, now, log }: { id: AgentId; link: Link; now: () => Date; log: Logger },
  commandIds: readonly string[],
  route: ToolName,
): Promise<void> {
  for (const command_id of commandIds) {
    const receipt = {
      agent_id: id,
      command_id,
      state: "injected",
      route,
      timestamp: now().toISOString(),
    } as const;
    const messageId = receiptMessageId(id, command_id, receipt.state);
    try {
      await link.bus()?.publishStored(agentSubject(id, "receipt"), receipt, { id: messageId });
    } catch (error) {
      log.warn(`the receipt of ${command_id} is not stored: ${messageOf(error)}`);
    }
  }
}
