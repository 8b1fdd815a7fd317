// The ids (`Nats-Msg-Id`) of orders in COMMANDS. JetStream stores an id once, so each kind and each receiver has ids of its
// own: no message can keep a command out, nor the other way round.
import { randomBytes } from "node:crypto";
import type { AgentId } from "../domain/wire/agent-id.ts";

/** 128 random bits. */
export function createOrderToken(): string {
  return randomBytes(16).toString("base64url");
}

export function commandStoredAs(to: AgentId, commandId: string): string {
  return `command.${to}.${commandId}`;
}

export function messageStoredAs(to: AgentId, messageId: string): string {
  return `message.${to}.${messageId}`;
}
