// Types a text into a CLI's prompt as its user would, and presses Enter. It types only if the screen shows an empty prompt, and
// presses Enter only if that prompt then shows text. The user's own keys come before the text or after the Enter, never between.
import { pause } from "../../waiting.ts";
import type { PromptState } from "../agent-cli.ts";

export interface Typing {
  /** Returns why nothing may be typed now, apart from what the screen shows; undefined if there is no such reason. */
  readonly whyNot: () => string | undefined;
  /** Called after each look at the screen, with the reason why nothing is typed or sent yet. */
  readonly onWait: (why: string) => void;
  readonly signal: AbortSignal;
}

export interface Typer {
  /**
   * Types the text, waits until Enter is safe, and presses it. Resolves with whether the text was sent. False if nothing may be typed
   * now, if the user removed the text, or if the signal aborted.
   */
  type(text: string, typing: Typing): Promise<boolean>;
  /** The CLI's hook says that this prompt was sent. */
  noteSent(prompt: string): void;
  /** Passes the user's keys on. `isWork` is false for keys that only move or answer the program. */
  passKeys(keys: Uint8Array, isWork: boolean): void;
}

export interface TyperOptions {
  readonly write: (keys: string | Uint8Array) => void;
  readonly readPrompt: () => Promise<PromptState>;
  /** How long the CLI may take to draw what was typed. Default 15000. */
  readonly drawsWithinMs?: number;
}

const userIsIdleAfterMs = 2_000;
/** The pause before Enter, because a CLI takes an Enter that comes with the text as a part of the text. */
const enterAfterMs = 200;
/** How long the user's keys are held back. By then the prompt shows the text, or a dialog has come up, which the user must answer. */
const holdKeysForMs = 1_000;
/** Seconds, because on a busy machine a CLI that has just started draws late. Typing again before that would put the text there twice. */
const defaultDrawsWithinMs = 15_000;
/** How many characters of a sent prompt are compared with the text. */
const beginningLength = 60;

const atKeyboard = "somebody is at its keyboard";
const whyNotInto: Readonly<Record<Exclude<PromptState, "empty">, string>> = {
  written: "its terminal has an unfinished line",
  other: "its terminal shows no empty prompt",
};

export function createTyper({
  write,
  readPrompt,
  drawsWithinMs = defaultDrawsWithinMs,
}: TyperOptions): Typer {
  let workedAtMs = Number.NEGATIVE_INFINITY;
  let held: { readonly keys: Uint8Array; readonly isWork: boolean }[] | undefined;
  let sentPrompt: string | undefined;
  /** What the screen showed when it was last read; the user's keys go there. */
  let shown: PromptState = "other";
  let isTextChanged = false;

  const isAtKeyboard = () => performance.now() - workedAtMs <= userIsIdleAfterMs;
  const passKeys: Typer["passKeys"] = (keys, isWork) => {
    if (held !== undefined) return void held.push({ keys, isWork });
    if (isWork) {
      workedAtMs = performance.now();
      isTextChanged ||= shown !== "other";
    }
    write(keys);
  };
  const letGo = () => {
    const left = held ?? [];
    held = undefined;
    for (const { keys, isWork } of left) passKeys(keys, isWork);
  };
  const whyNotBegin = async ({ whyNot }: Typing): Promise<string | undefined> => {
    const prompt = await readPrompt();
    if (isAtKeyboard()) return atKeyboard;
    return whyNot() ?? (prompt === "empty" ? undefined : whyNotInto[prompt]);
  };
  /** The text is typed. Presses Enter once that is safe. Resolves with whether the text was sent. */
  const send = async (text: string, { whyNot, onWait, signal }: Typing): Promise<boolean> => {
    const writtenAtMs = performance.now();
    let isDrawn = false;
    while (!signal.aborted) {
      await pause(enterAfterMs);
      shown = await readPrompt();
      if (sentPrompt?.includes(text.slice(0, beginningLength)) === true) return true;
      isDrawn ||= shown !== "empty";
      const waitedMs = performance.now() - writtenAtMs;
      const isLate = waitedMs > holdKeysForMs;
      const why = whyNot() ?? (isTextChanged ? whyNotInto.written : isAtKeyboard() ? atKeyboard : undefined);
      if (shown === "written" && why === undefined && !signal.aborted) {
        write("\r");
        return true;
      }
      const isRemoved = isDrawn || isTextChanged || waitedMs > drawsWithinMs;
      if (shown === "empty" && isLate && isRemoved) return false;
      if (isLate) letGo();
      if (isLate || why !== undefined) onWait(why ?? whyNotInto.other);
    }
    return false;
  };

  return {
    async type(text, typing) {
      const why = await whyNotBegin(typing);
      if (why !== undefined) {
        typing.onWait(why);
        return false;
      }
      held = [];
      sentPrompt = undefined;
      isTextChanged = false;
      shown = "other";
      const typed = printable(text);
      write(`\u001b[200~${typed}\u001b[201~`);
      try {
        return await send(typed, typing);
      } finally {
        letGo();
      }
    },
    noteSent(prompt) {
      sentPrompt = prompt;
    },
    passKeys,
  };
}

/** Replaces control characters by blanks, except tabs and line breaks, because they could steer the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, " ");
}
