// The hooks' own answers as a way to speak to the session: what waits is given with the next one that the model reads. Only
// while a turn runs, for an idle session makes no hook.
import type { Route } from "./delivery.ts";

export interface HookRoute extends Pick<Route, "give"> {
  /** What the answer of this hook shall carry, if anything waits. */
  take(): string | undefined;
  /** No hook of this turn comes any more. */
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
