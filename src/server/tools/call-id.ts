// The id of what a tool call creates. A repeated call has the same id, and so takes effect once.
import { createHash } from "node:crypto";
import type { AgentId } from "../../domain/wire/agent-id.ts";

export interface KnownCall {
  readonly id: AgentId;
  readonly requestId: string;
  readonly tool: string;
  readonly arguments: unknown;
}

/**
 * 16 hexadecimal digits. Of the whole call, not of its id alone: a program that gives each of its calls the same id loses none
 * of them, and no agent can meet another's.
 */
export function idOfCall({ id, requestId, tool, arguments: args }: KnownCall): string {
  return createHash("sha256")
    .update(JSON.stringify([id, requestId, tool, args]))
    .digest("hex")
    .slice(0, 16);
}
