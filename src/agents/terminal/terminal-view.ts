// A terminal of our own, for people who look at it from elsewhere.
import type { OlderPicture, ScreenPicture } from "../../domain/screen/picture.ts";
import { createKeyReader } from "./terminal-keys.ts";
import type { TerminalModes } from "./terminal-modes.ts";
import type { TerminalScreen } from "./terminal-screen.ts";
import type { Typer } from "./typing.ts";

export interface TerminalView {
  /** Calls the listener when the screen may have changed. Returns the function that ends that. */
  onChange(listener: () => void): () => void;
  read(): Promise<ScreenPicture>;
  /** Rows that have left the screen, from this number on; fewer, if they are not kept. */
  readOlder(from: number, count: number): Promise<OlderPicture>;
  /** Types keys as they come from a terminal, by the same rules as those of the user's own. Ctrl-Z is left out. */
  type(keys: string): void;
  /** Whether the user's terminal is still there. If so, it decides the size. */
  hasWindow(): boolean;
  /** Changes the size, unless the user's terminal is still there. */
  resize(columns: number, rows: number): void;
}

const cursorMode = 25;
const cursorKeysMode = 1;
const pasteMode = 2004;

/** The keys in the form that the program has asked for: the viewer's terminal does not know what this program wants. */
function asWanted(keys: string, modes: Pick<TerminalModes, "isOn">): string {
  // biome-ignore-start lint/suspicious/noControlCharactersInRegex: they are what keys are made of
  const pasted = modes.isOn(pasteMode) ? keys : keys.replaceAll(/\u001b\[20[01]~/g, "");
  return modes.isOn(cursorKeysMode) ? pasted.replaceAll(/\u001b\[(?=[A-DFH])/g, "\u001bO") : pasted;
  // biome-ignore-end lint/suspicious/noControlCharactersInRegex: they are what keys are made of
}

export interface TerminalViewOptions extends Pick<TerminalView, "hasWindow" | "resize"> {
  readonly screen: Pick<TerminalScreen, "readPicture" | "readOlder">;
  readonly modes: Pick<TerminalModes, "isOn">;
  readonly passKeys: Typer["passKeys"];
}

export interface TellingView extends TerminalView {
  /** Tells the listeners that the screen may have changed. */
  tell(): void;
}

export function createTerminalView({
  screen,
  modes,
  passKeys,
  hasWindow,
  resize,
}: TerminalViewOptions): TellingView {
  const listeners = new Set<() => void>();
  const reader = createKeyReader((keys, line) => passKeys(keys, line !== "left"));
  return {
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    read: () => screen.readPicture(modes.isOn(cursorMode)),
    readOlder: screen.readOlder,
    type: (keys) => reader.read(Buffer.from(asWanted(keys, modes))),
    hasWindow,
    resize(columns, rows) {
      if (!hasWindow()) resize(columns, rows);
    },
    tell() {
      for (const listener of listeners) listener();
    },
  };
}
