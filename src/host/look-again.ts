// Looks at the screen of a CLI again and again. A look that fails, because the terminal does not answer in time, ends nothing.
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import { pause } from "../waiting.ts";

export interface ScreenLooks {
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly log: Pick<Logger, "warn">;
}

/** Looks every `everyMs` until the signal aborts. Of looks that fail one after the other, the log has the first. */
export async function lookAgain(
  look: () => Promise<void>,
  { everyMs, signal, log }: ScreenLooks,
): Promise<void> {
  let isFailing = false;
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    try {
      await look();
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warn(`the terminal's screen: ${messageOf(error)}`);
      isFailing = true;
    }
  }
}
