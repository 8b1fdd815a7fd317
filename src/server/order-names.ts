// The names of what is stored in COMMANDS. By its id there (`Nats-Msg-Id`) it is stored once, and only serve and operators
// write there: one namespace for each kind and receiver, so that no message keeps a command out, nor a command a message.
import { randomBytes } from "node:crypto";
import type { AgentId } from "../domain/wire/agent-id.ts";

/** 128 bits that nobody can foresee. */
export function createOrderToken(): string {
  return randomBytes(16).toString("base64url");
}

export function commandStoredAs(to: AgentId, commandId: string): string {
  return `command.${to}.${commandId}`;
}

export function messageStoredAs(to: AgentId, messageId: string): string {
  return `message.${to}.${messageId}`;
}
