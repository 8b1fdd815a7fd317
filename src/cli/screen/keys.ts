// Reads the keys that a terminal sends.

/** A key by its name (`up`, `enter`, `ctrl-c`) or its character; or a text that was pasted. */
export type Key =
  | { readonly name: string; readonly paste?: undefined }
  | { readonly name?: undefined; readonly paste: string };

export interface KeyDecoder {
  read(data: Uint8Array): void;
  stop(): void;
}

/** A key may come in parts. Without a further part in this time, an escape is the key itself. */
const furtherPartWithinMs = 50;
/** More than a person types. */
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
  let timer: NodeJS.Timeout | undefined;
  const take = (isAll: boolean) => {
    while (held !== "") {
      if (held.startsWith(pasteBegin)) {
        const end = held.indexOf(pasteEnd);
        if (end === -1 && held.length < longestPaste) return;
        onKey({ paste: held.slice(pasteBegin.length, end === -1 ? undefined : end) });
        held = end === -1 ? "" : held.slice(end + pasteEnd.length);
        continue;
      }
      if (!isAll && begun.test(held)) return;
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
