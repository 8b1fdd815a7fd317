// The route `hook`: a text is given to the model with the answer to the next hook. It is open only while a turn runs, because an
// idle session calls no hook.
import type { HookTextLimits } from "../../agents/session-cli.ts";
import type { Route } from "./hand-item.ts";

/** What the hook tells that is answered: a tool has ended, a prompt was sent, the turn is about to end. */
export type HookMoment = "tool" | "prompt" | "end";

export interface HookRoute extends Pick<Route, "give"> {
  /** Takes the texts that wait, as many as the answer to this hook may have; undefined if that is none. */
  take(moment: HookMoment): string | undefined;
  /** No more hooks come in this turn: `give` resolves with false for what still waits. */
  turnEnded(): void;
}

interface Waiting {
  readonly text: string;
  readonly resolve: (isTaken: boolean) => void;
}

const unlimited: HookTextLimits = { longest: Number.POSITIVE_INFINITY, onlyAfterTools: false };

export function createHookRoute(isTurnOpen: () => boolean, limits: HookTextLimits = unlimited): HookRoute {
  const { longest, onlyAfterTools } = limits;
  let waiting: Waiting[] = [];
  const settle = (isTaken: boolean, count = waiting.length) => {
    const settled = waiting.slice(0, count);
    waiting = waiting.slice(count);
    for (const { resolve } of settled) resolve(isTaken);
    return settled;
  };
  const joined = (some: readonly Waiting[]) => some.map(({ text }) => text).join("\n\n");
  const fitting = () => {
    const tooMany = waiting.findIndex((_, index) => joined(waiting.slice(0, index + 1)).length > longest);
    return tooMany === -1 ? waiting.length : tooMany;
  };
  return {
    async give(text, signal, onWait) {
      if (!isTurnOpen() || signal.aborted || text.length > longest) return false;
      onWait("");
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const entry = { text, resolve };
      waiting.push(entry);
      const abort = () => {
        waiting = waiting.filter((other) => other !== entry);
        resolve(false);
      };
      signal.addEventListener("abort", abort, { once: true });
      try {
        return await promise;
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
    take(moment) {
      if (waiting.length === 0 || (onlyAfterTools && moment !== "tool")) return undefined;
      return joined(settle(true, fitting()));
    },
    turnEnded: () => void settle(false),
  };
}
