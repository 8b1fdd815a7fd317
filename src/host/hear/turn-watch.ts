// Watches the screen of a CLI on a terminal for a turn that the user breaks off before the model's first word. Neither a hook nor the record
// tells that.
import type { Logger } from "../../log.ts";
import { lookAgain } from "../look-again.ts";
import type { Turn } from "./turn.ts";

export interface TurnWatchOptions {
  readonly turn: Pick<Turn, "isOpen">;
  /** The screen has shown for {@link brokenOffAfterLooks} looks that no turn runs, though one is open. */
  readonly onBrokenOff: () => void;
  readonly log: Logger;
  /** Default 250. */
  readonly everyMs?: number;
}

export interface TurnWatch {
  /** @param readTurn reads the screen; `other` if it does not show whether a turn runs */
  start(readTurn: () => Promise<"running" | "none" | "other">): void;
  /** A hook was called, so the session has just done something: what the screen showed before no longer counts. */
  noteHook(): void;
  stop(): void;
}

const defaultEveryMs = 250;
/** More than one or two looks, because the record tells the end of other turns that soon, and the screen may be older than the turn. */
export const brokenOffAfterLooks = 6;

/**
 * Reads the screen only while a turn is open. Concludes nothing before the screen has once shown a running turn, because another release of
 * the CLI may show it in another way.
 */
export function createTurnWatch(options: TurnWatchOptions): TurnWatch {
  const { turn, onBrokenOff, log, everyMs = defaultEveryMs } = options;
  const isOver = new AbortController();
  let isKnownScreen = false;
  let looksWithout = 0;
  const look = async (readTurn: Parameters<TurnWatch["start"]>[0]) => {
    const shown = await readTurn();
    if (shown === "running") isKnownScreen = true;
    looksWithout = shown === "none" && turn.isOpen() ? looksWithout + 1 : 0;
    if (!isKnownScreen || looksWithout < brokenOffAfterLooks) return;
    looksWithout = 0;
    onBrokenOff();
  };
  return {
    start(readTurn) {
      const lookWhileOpen = async () => {
        if (turn.isOpen()) await look(readTurn);
        else looksWithout = 0;
      };
      void lookAgain(lookWhileOpen, { everyMs, signal: isOver.signal, log });
    },
    noteHook() {
      looksWithout = 0;
    },
    stop: () => isOver.abort(),
  };
}
