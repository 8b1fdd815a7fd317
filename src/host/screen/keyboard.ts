// Decides who types at the agent's terminal from elsewhere: one person at a time. Somebody else has to ask for the keyboard, and says
// expressly that it is to be taken over. What was typed is counted for the audit, and not kept.
import { definedOf } from "../../domain/defined.ts";
import { type Keys, type KeysAnswer, KeysSchema, type Typist } from "../../domain/screen/screen-messages.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import type { ViewedTerminal } from "./viewed-terminal.ts";

type Typed = Pick<ViewedTerminal, "type" | "resize" | "hasWindow">;

export interface KeyboardOptions {
  readonly whyNotType: string | undefined;
  readonly onTyped: (words: string) => void;
  /** Whether this viewer watches the screen: whoever does not see it may not type. */
  readonly isWatching: (viewer: string) => boolean;
  /** Called when somebody else has the keyboard. */
  readonly onChange: () => void;
}

export interface Keyboard {
  /** @throws CliaiError if the message is not one of keys */
  take(data: Uint8Array, terminal: Typed): Answer;
  /** Gives the terminal the size of whoever types, if that waits for the end of the user's window. */
  fit(terminal: Typed): void;
  /** Who has the keyboard; undefined if nobody has. */
  typist(): Typist | undefined;
  /** The viewer watches no more. */
  gone(viewer: string): void;
  stop(): void;
}

type Answer = Pick<KeysAnswer, "viewer" | "seq" | "taken" | "why" | "typist">;

/** How long keys are counted before the audit is told. */
const toldAfterMs = 10_000;
const longestName = 100;

export function createKeyboard({ whyNotType, onTyped, isWatching, onChange }: KeyboardOptions): Keyboard {
  let holder: Typist | undefined;
  /** The size of a viewer's window, while that of the user's own decides. */
  let waiting: { readonly viewer: string; readonly columns: number; readonly rows: number } | undefined;
  let typed = 0;
  let timer: NodeJS.Timeout | undefined;
  const typist = () => (holder !== undefined && isWatching(holder.viewer) ? holder : undefined);
  const tell = () => {
    clearTimeout(timer);
    timer = undefined;
    if (typed > 0 && holder !== undefined) onTyped(`${holder.name} typed ${countOf(typed)} at its terminal`);
    typed = 0;
  };
  const give = (next: Typist | undefined) => {
    tell();
    const isOther = holder?.viewer !== next?.viewer;
    holder = next;
    if (isOther) onChange();
  };
  const count = (keys: string) => {
    typed += [...keys].length;
    timer ??= setTimeout(tell, toldAfterMs).unref();
  };
  const fit = (terminal: Typed) => {
    if (waiting === undefined || terminal.hasWindow()) return;
    const { viewer, columns, rows } = waiting;
    waiting = undefined;
    if (typist()?.viewer === viewer) terminal.resize(columns, rows);
  };
  const act = ({ viewer, name, act: what, over, keys, columns, rows }: Keys, terminal: Typed) => {
    const present = typist();
    const isHolder = present?.viewer === viewer;
    if (what === "leave") {
      if (isHolder) give(undefined);
      return undefined;
    }
    if (whyNotType !== undefined) return whyNotType;
    if (!isWatching(viewer)) return "this viewer does not watch the terminal";
    if (what === "take" && !isHolder) {
      if (present !== undefined && over !== true) return `${present.name} types there`;
      const called = harmless(name).slice(0, longestName);
      give({ viewer, name: called });
      const before = present === undefined ? "" : `, and took the keyboard from ${present.name}`;
      onTyped(`${called} types at its terminal${before}`);
    }
    if (what === "type" && !isHolder)
      return present === undefined ? "the keyboard was not asked for" : `${present.name} types there`;
    if (columns !== undefined && rows !== undefined) {
      waiting = { viewer, columns, rows };
      fit(terminal);
    }
    // Only these are recorded with `serve --audit-keystrokes`.
    if (what !== "type" || keys === undefined || keys === "") return undefined;
    count(keys);
    terminal.type(keys);
    return undefined;
  };
  return {
    take(data, terminal) {
      const message = decodeMessage(KeysSchema, data);
      const why = act(message, terminal);
      const { viewer, seq } = message;
      if (why === undefined) return { viewer, seq, taken: true };
      return { viewer, seq, taken: false, why, ...definedOf({ typist: typist() }) };
    },
    ...{ fit, typist },
    gone(viewer) {
      if (holder?.viewer === viewer) give(undefined);
    },
    stop() {
      tell();
    },
  };
}

function countOf(keys: number): string {
  return `${keys} ${keys === 1 ? "character" : "characters"}`;
}
