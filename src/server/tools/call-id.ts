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
 * 16 hexadecimal digits of a hash over the whole call. It is not over the call's id alone, so that a program that gives all its calls the
 * same id loses none of them, and so that two agents never make the same id.
 */
export function idOfCall({ id, requestId, tool, arguments: args }: KnownCall): string {
  return createHash("sha256")
    .update(JSON.stringify([id, requestId, tool, args]))
    .digest("hex")
    .slice(0, 16);
}
