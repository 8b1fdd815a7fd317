// Holds the work for one page down: the server answers others meanwhile, and what only adds to the text of lines ends when it has taken long.
import { createBreaks } from "../../../../waiting.ts";

export interface Pace {
  /** Lets others work, if this has worked for some time without. */
  breathe(): Promise<void>;
  /** Whether lines are plain from now on. */
  isLate(): boolean;
  /** Whether so many characters may be coloured, too; it counts them. */
  mayColour(characters: number): boolean;
}

export interface PaceOptions {
  /** For so long, others wait at most, beside the longest single step. */
  readonly sliceMs?: number;
  /** Of work for colours and marks. */
  readonly budgetMs?: number;
  readonly mostCharacters?: number;
  /** A clock in ms that only goes forward. */
  readonly nowMs?: () => number;
}

export function createPace({
  sliceMs = 8,
  budgetMs = 1_000,
  mostCharacters = 300_000,
  nowMs = () => performance.now(),
}: PaceOptions = {}): Pace {
  const rest = createBreaks(sliceMs, nowMs);
  let [workedMs, sinceMs, left] = [0, nowMs(), mostCharacters];
  return {
    async breathe() {
      workedMs += nowMs() - sinceMs;
      await rest();
      sinceMs = nowMs();
    },
    isLate: () => workedMs + nowMs() - sinceMs > budgetMs,
    mayColour(characters) {
      left -= characters;
      return left >= 0;
    },
  };
}
