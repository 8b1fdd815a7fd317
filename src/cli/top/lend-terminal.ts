// Lends the terminal to another command, such as `attach`, and takes it back.
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { Tell } from "./act.ts";

export interface Lending {
  /** Closes the screen. */
  readonly close: () => void;
  /** What the other command does; resolves when it has left the terminal. */
  readonly use: () => Promise<void>;
  readonly reopen: () => void;
  readonly tell: Tell;
  /** Called if the terminal has closed meanwhile, or this process was asked to end. */
  readonly onEnd: (error: unknown) => void;
}

/** Never rejects. */
export async function lendTerminal({ close, use, reopen, tell, onEnd }: Lending): Promise<void> {
  close();
  try {
    await use();
  } catch (error) {
    // A terminal that has closed takes no further screen.
    if (error instanceof CliaiError && error.code === "interrupted") return onEnd(error);
    tell(messageOf(error), "red");
  }
  try {
    reopen();
  } catch (error) {
    onEnd(error);
  }
}
