// The ids (`Nats-Msg-Id`) of orders in COMMANDS. JetStream stores each id only once, so the id contains the kind and the receiver: then
// a message cannot keep a command out, nor a command a message.
import { randomBytes } from "node:crypto";
import type { AgentId } from "../domain/wire/agent-id.ts";

/** 128 random bits, as base64url. */
export function createOrderToken(): string {
  return randomBytes(16).toString("base64url");
}

export function commandStoredAs(to: AgentId, commandId: string): string {
  return `command.${to}.${commandId}`;
}

export function messageStoredAs(to: AgentId, messageId: string): string {
  return `message.${to}.${messageId}`;
}
