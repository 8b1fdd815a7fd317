// Makes the id of what a tool call creates. A repeated call gets the same id, so that it takes effect once.
import { createHash } from "node:crypto";
import type { AgentId } from "../../domain/wire/agent-id.ts";

export interface KnownCall {
  readonly id: AgentId;
  readonly requestId: string;
  readonly tool: string;
  readonly arguments: unknown;
}

/**
 * 16 hexadecimal digits of a hash over the whole call. A hash over the call's id alone would not do, because a program may give all its
 * calls the same id, and two agents may use the same ids.
 */
export function idOfCall({ id, requestId, tool, arguments: args }: KnownCall): string {
  return createHash("sha256")
    .update(JSON.stringify([id, requestId, tool, args]))
    .digest("hex")
    .slice(0, 16);
}
