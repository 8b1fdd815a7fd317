// The text of an order, for a person. Pure.
import type { Command, Shutdown } from "../wire/order-messages.ts";

/** The text of a command for a person: a task's text, or another command's reason. */
export function commandText(command: Command): string {
  const payload = command.payload;
  if (typeof payload === "string") return payload;
  if (payload == null) return "";
  const words = command.type === "task" ? payload.text : payload.reason;
  if (typeof words === "string") return words;
  // `force` is not a reason.
  const rest = Object.entries(payload).filter(([name, value]) => name !== "force" && value != null);
  return rest.length === 0 ? "" : JSON.stringify(payload);
}

/** The reason of a shutdown; "" if it has none. */
export function shutdownText(shutdown: Shutdown): string {
  return shutdown.reason ?? "";
}
