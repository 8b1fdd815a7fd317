// The text of an order, for a person. Pure.
import type { Command, Shutdown } from "../wire/order-messages.ts";

/** The text of a command for a person: a task's text, or another command's reason. */
export function commandText(command: Command): string {
  const payload = command.payload;
  if (typeof payload === "string") return payload;
  if (payload == null) return "";
  const words = command.type === "task" ? payload.text : payload.reason;
  if (typeof words === "string") return words;
  const rest = Object.entries(payload).filter(([name, value]) => !manners.has(name) && value != null);
  return rest.length === 0 ? "" : JSON.stringify(payload);
}

/** How a stop or a pause is to happen. It is no reason. */
const manners = new Set(["force", "deadline_s", "holds_texts"]);

/** The same text, and before it how a stop is to happen, such as "by force: it loops" or "within 5 s". */
export function commandLine(command: Command): string {
  const { force, deadline_s } = typeof command.payload === "object" ? (command.payload ?? {}) : {};
  const manner = [
    ...(force === true ? ["by force"] : []),
    ...(typeof deadline_s === "number" ? [`within ${deadline_s} s`] : []),
  ].join(", ");
  return [manner, commandText(command)].filter((part) => part !== "").join(": ");
}

/** The reason of a shutdown; "" if it has none. */
export function shutdownText(shutdown: Shutdown): string {
  return shutdown.reason ?? "";
}
