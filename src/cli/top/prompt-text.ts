// What the last rows of `cliai top` ask the person. Pure.
import { isApproval } from "../../domain/requests.ts";
import { textOf } from "../screen/line-edit.ts";
import type { OrderType, Prompt } from "./state.ts";

/** With the typed line, and a mark where the cursor is. */
export function promptText(prompt: Prompt): string {
  switch (prompt.kind) {
    case "filter":
      return `/${typed(prompt)}`;
    case "task":
      return `task for ${prompt.ids.join(", ")}: ${typed(prompt)}`;
    case "words":
      return `${isApproval(prompt.request) ? `refuse ${prompt.request.agent_id}, because` : `answer ${prompt.request.agent_id}`}: ${typed(prompt)}`;
    case "confirm":
      return `${orderWords(prompt)} ${prompt.ids.join(", ")}? y or n`;
  }
}

function orderWords({ type, force }: { readonly type: OrderType; readonly force: boolean }): string {
  return force ? "interrupt the turn and end" : type;
}

/** The cursor of the terminal is hidden, so a bar shows the place. */
function typed({ line }: Extract<Prompt, { line: unknown }>): string {
  return line.after === "" ? `${textOf(line)}▏` : `${line.before}▏${line.after}`;
}
