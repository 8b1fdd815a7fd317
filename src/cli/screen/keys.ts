// Reads the keys that a terminal sends.

/** A key by its name (`up`, `enter`, `ctrl-c`) or its character; or a text that was pasted. */
export type Key =
  | { readonly name: string; readonly paste?: undefined }
  | { readonly name?: undefined; readonly paste: string };

export interface KeyDecoder {
  read(data: Uint8Array): void;
  stop(): void;
}

/** A key may come in parts. Without a further part in this time, an escape alone is the key itself. */
const furtherPartWithinMs = 50;
/** More than a person types. What comes behind it is dropped. */
const longestPaste = 100_000;

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: they are what keys are made of
const begun = /^\u001b(?:\[[0-?]*[ -/]*|O)?$/;
const pasteBegin = "\u001b[200~";
const pasteEnd = "\u001b[201~";
/** A sequence, a key with Alt, or one character. */
const token = /^(?:\u001b\[[0-?]*[ -/]*[@-~]|\u001bO.|\u001b[^\u001b[O]|[\s\S])/u;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: they are what keys are made of

export function createKeyDecoder(onKey: (key: Key) => void): KeyDecoder {
  const decoder = new TextDecoder();
  let held = "";
  /** What was pasted so far; undefined while nothing is being pasted. */
  let pasted: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Takes what is held as a part of a pasted text, up to the mark that ends it. Returns whether the mark has come. */
  const paste = (before: string): boolean => {
    const end = held.indexOf(pasteEnd);
    // The last characters may be the beginning of the mark.
    const taken = end === -1 ? Math.max(0, held.length - pasteEnd.length + 1) : end;
    pasted = (before + held.slice(0, taken)).slice(0, longestPaste);
    held = held.slice(end === -1 ? taken : end + pasteEnd.length);
    if (end === -1) return false;
    onKey({ paste: pasted });
    pasted = undefined;
    return true;
  };
  const take = (isAll: boolean) => {
    while (held !== "") {
      if (pasted !== undefined) {
        if (!paste(pasted)) return;
        continue;
      }
      if (held.startsWith(pasteBegin)) {
        held = held.slice(pasteBegin.length);
        pasted = "";
        continue;
      }
      // A sequence whose rest is late is no row of keys: `5~` would answer a request.
      if (begun.test(held) && (!isAll || held.length > 1)) return;
      const [part = ""] = token.exec(held) ?? [];
      held = held.slice(part.length);
      const name = nameOf(part);
      if (name !== undefined) onKey({ name });
    }
  };
  return {
    read(data) {
      clearTimeout(timer);
      held += decoder.decode(data, { stream: true });
      take(false);
      if (held !== "") timer = setTimeout(() => take(true), furtherPartWithinMs);
    },
    stop: () => clearTimeout(timer),
  };
}

const sequences: Readonly<Record<string, string>> = {
  ...{ A: "up", B: "down", C: "right", D: "left", H: "home", F: "end", Z: "backtab" },
  ...{
    "1~": "home",
    "7~": "home",
    "4~": "end",
    "8~": "end",
    "3~": "delete",
    "5~": "pageup",
    "6~": "pagedown",
  },
};

const controls: Readonly<Record<string, string>> = {
  ...{ "\r": "enter", "\n": "enter", "\t": "tab", "\u001b": "escape", "\u007f": "backspace" },
  "\b": "backspace",
};

/** Undefined for a key that nobody asks for. */
function nameOf(part: string): string | undefined {
  const control = controls[part];
  if (control !== undefined) return control;
  if (part.startsWith("\u001b")) {
    const last = part.slice(2);
    return part[1] === "[" || part[1] === "O" ? sequences[last] : undefined;
  }
  if (part < " ") return `ctrl-${String.fromCharCode(part.charCodeAt(0) + 96)}`;
  return part;
}
