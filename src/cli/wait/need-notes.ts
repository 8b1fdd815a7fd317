// Says on stderr, while a command waits for agents, that one of them goes on only when a person has done something.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { plain } from "../frame/terminal.ts";

/** A dialog at a terminal may become a request in the inbox a moment later. */
const settledAfterMs = 1_000;

export interface NeedNotes {
  /** Takes each new view of an awaited agent. Prints a need once, when it has lasted for {@link settledAfterMs}. */
  take(view: AgentView): void;
  /** Call this when the command no longer waits for the agent. */
  forget(id: AgentId): void;
  stop(): void;
}

export function createNeedNotes(note: (line: string) => void): NeedNotes {
  const told = new Map<AgentId, { readonly words: string; readonly timer: NodeJS.Timeout }>();
  const forget = (id: AgentId) => {
    clearTimeout(told.get(id)?.timer);
    told.delete(id);
  };
  return {
    forget,
    take(view) {
      const { agent_id: id } = view;
      const words = needWords(view);
      if (told.get(id)?.words === words) return;
      forget(id);
      if (words === undefined) return;
      told.set(id, { words, timer: setTimeout(() => note(`${id} needs you: ${words}`), settledAfterMs) });
    },
    stop() {
      for (const id of [...told.keys()]) forget(id);
    },
  };
}

/** What the agent waits for, and what to do; undefined if it waits for nobody. */
function needWords({ axes: { attention } }: AgentView): string | undefined {
  const { value, reason, hint, source } = attention;
  if (value !== "question" && value !== "approval" && value !== "terminal") return undefined;
  const answer = source === "request" ? "answer it: cliai inbox" : "answer it at its terminal";
  return `${plain(reason)}; ${hint ?? answer}`;
}
