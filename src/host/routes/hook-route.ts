// The route `hook`: a text is given to the model with the answer to the next hook. It is open only while a turn runs, because an
// idle session calls no hook.
import type { Route } from "./delivery.ts";

export interface HookRoute extends Pick<Route, "give"> {
  /** Takes the texts that wait, for the answer to a hook; undefined if none waits. */
  take(): string | undefined;
  /** No more hooks come in this turn: `give` resolves with false for what still waits. */
  turnEnded(): void;
}

interface Waiting {
  readonly text: string;
  readonly resolve: (isTaken: boolean) => void;
}

export function createHookRoute(isTurnOpen: () => boolean): HookRoute {
  let waiting: Waiting[] = [];
  const settle = (isTaken: boolean) => {
    const settled = waiting;
    waiting = [];
    for (const { resolve } of settled) resolve(isTaken);
    return settled;
  };
  return {
    async give(text, signal, onWait) {
      if (!isTurnOpen() || signal.aborted) return false;
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
    take() {
      if (waiting.length === 0) return undefined;
      return settle(true)
        .map(({ text }) => text)
        .join("\n\n");
    },
    turnEnded: () => void settle(false),
  };
}
