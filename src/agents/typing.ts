// Types a text into a CLI's prompt as its user would, and presses Enter: only where the screen shows an empty prompt before it, and
// that same prompt with the text after it. The user's own keys come before the text or after the Enter, never between.
import { pause } from "../waiting.ts";
import type { PromptState } from "./agent-cli.ts";

export interface Typing {
  /** Why nothing may be typed now, as far as the screen need not be asked. */
  readonly whyNot: () => string | undefined;
  /** Told why it waits, each time that it has looked. */
  readonly onWait: (why: string) => void;
  readonly signal: AbortSignal;
}

export interface Typer {
  /** False where this is no time for it, and then nothing was sent. Once the text stands there, it waits until Enter is safe. */
  type(text: string, typing: Typing): Promise<boolean>;
  /** The CLI was sent this prompt. */
  noteSent(prompt: string): void;
  /** The user's keys; those that only answer the program, or move, are no work at the keyboard. */
  passKeys(keys: Uint8Array, isWork: boolean): void;
}

export interface TyperOptions {
  readonly write: (keys: string | Uint8Array) => void;
  readonly readPrompt: () => Promise<PromptState>;
}

const userIsIdleAfterMs = 2_000;
/** An Enter that comes with the text is taken for a part of it. */
const enterAfterMs = 200;
/** The text shows in the prompt by then, or something else has come up: that is the user's to answer. */
const holdKeysForMs = 1_000;
/** So much of a prompt tells that it is this text. */
const beginningLength = 60;

const atKeyboard = "somebody is at its keyboard";
const whyNotInto: Readonly<Record<Exclude<PromptState, "empty">, string>> = {
  written: "a line is begun at its terminal",
  other: "its terminal shows no empty prompt",
};

export function createTyper({ write, readPrompt }: TyperOptions): Typer {
  let workedAtMs = Number.NEGATIVE_INFINITY;
  let held: { readonly keys: Uint8Array; readonly isWork: boolean }[] | undefined;
  let sentPrompt: string | undefined;
  /** The last that was read; keys go to whatever it is. */
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
  /** The text stands in the prompt, or behind whatever came up in front of it. Whether it was sent. */
  const send = async (text: string, { whyNot, onWait, signal }: Typing): Promise<boolean> => {
    const writtenAtMs = performance.now();
    while (!signal.aborted) {
      await pause(enterAfterMs);
      shown = await readPrompt();
      if (sentPrompt?.includes(text.slice(0, beginningLength)) === true) return true;
      const isLate = performance.now() - writtenAtMs > holdKeysForMs;
      const why = whyNot() ?? (isTextChanged ? whyNotInto.written : isAtKeyboard() ? atKeyboard : undefined);
      if (shown === "written" && why === undefined && !signal.aborted) {
        write("\r");
        return true;
      }
      if (shown === "empty" && isLate) return false; // its user has taken it away
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

/** Lines and tabs stay; nothing else of a text may steer a terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, " ");
}
