// Reads the keys that a terminal sends. Terminals encode a key in one of three forms: as a byte, by the kitty keyboard protocol
// (`CSI 122;5u`), or by xterm's modifyOtherKeys (`CSI 27;5;122~`). Claude Code turns on the last two.

/** What keys do to the line that the user writes. `left`: nothing, because they only move, or are answers of the terminal. */
export type LineEffect = "written" | "cleared" | "left";

export interface KeyReader {
  read(data: Uint8Array): void;
  stop(): void;
}

/** Drops Ctrl-Z. Joins a key that comes in two parts; passes the first part on alone if no second one comes within 50 ms. */
export function createKeyReader(onKeys: (keys: Uint8Array, line: LineEffect) => void): KeyReader {
  let held = "";
  let timer: NodeJS.Timeout | undefined;
  const take = (text: string) => {
    const { keys, line } = readKeys(text);
    if (keys !== "") onKeys(Buffer.from(keys, "latin1"), line);
  };
  const passHeld = () => {
    const text = held;
    held = "";
    take(text);
  };
  return {
    read(data) {
      clearTimeout(timer);
      const text = held + Buffer.from(data).toString("latin1");
      held = begunKey.exec(text)?.[0] ?? "";
      take(text.slice(0, text.length - held.length));
      if (held !== "") timer = setTimeout(passHeld, secondPartWithinMs);
    },
    stop: () => clearTimeout(timer),
  };
}

const secondPartWithinMs = 50;
// biome-ignore-start lint/suspicious/noControlCharactersInRegex: they are what keys are made of
/** The first part of a key. A lone escape is not one: it is a whole key, and must not wait. */
const begunKey = /\u001b\[[\d:;]*$/;
/** Each alternative matches one key or one answer of the terminal; the last one matches text. */
const token = new RegExp(
  [
    // kitty: code, shifted code, code on a US keyboard; modifiers, kind of event; text
    /\u001b\[(?<code>\d+)(?::\d*(?::(?<base>\d+))?)?(?:;(?<mods>\d*)(?::(?<event>\d+))?(?:;[\d:]*)?)?u/,
    /\u001b\[27;(?<otherMods>\d+);(?<otherCode>\d+)~/,
    /(?<paste>\u001b\[200~)/,
    /(?<suspend>\u001b?\u001a)/,
    /(?<clear>\u0003)/,
    /(?<newLine>\u001b[\r\n])/,
    // Any other sequence, string and key with Alt, and the escape key.
    /(?<moves>\u001b\[[0-?]*[ -/]*[@-~]|\u001bO.|\u001b[P\]_^X][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[^\u001b]?)/,
    /(?<text>[^\u001b\u001a\u0003]+)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: they are what keys are made of

/** @param text the bytes that came, as latin1: one character for each byte */
function readKeys(text: string): { readonly keys: string; readonly line: LineEffect } {
  let keys = "";
  let line: LineEffect = "left";
  for (const { 0: whole, groups = {} } of text.matchAll(token)) {
    const effect = effectOf(groups);
    if (effect === "suspends") continue;
    keys += whole;
    if (effect !== "left") line = effect;
  }
  return { keys, line };
}

function effectOf(groups: Readonly<Record<string, string | undefined>>): LineEffect | "suspends" {
  const { code, base, mods, event, otherMods, otherCode, paste, suspend, clear, newLine, text } = groups;
  if (code !== undefined) return event === released ? "left" : effectOfKey(letterOf(code, base), mods);
  if (otherCode !== undefined) return effectOfKey(Number(otherCode), otherMods);
  if (suspend !== undefined) return "suspends";
  if (clear !== undefined) return "cleared";
  return paste !== undefined || newLine !== undefined || text !== undefined ? "written" : "left";
}

const released = "3";
const escapeKey = 27;
/** The kitty protocol numbers the keys that write no text from here on. */
const firstFunctionKey = 57_344;
const control = 4;
const lastAscii = 127;

/** On a keyboard without Latin letters, Ctrl combines with the letter that a US keyboard has in that place. */
function letterOf(code: string, base: string | undefined): number {
  return Number(code) > lastAscii && base !== undefined ? Number(base) : Number(code);
}

/** @param modifiers one more than the sum of their bits */
function effectOfKey(code: number, modifiers: string | undefined): LineEffect | "suspends" {
  const isControl = ((Number(modifiers || 1) - 1) & control) !== 0;
  const letter = isControl && code < firstFunctionKey ? String.fromCodePoint(code).toLowerCase() : "";
  if (letter === "z") return "suspends";
  if (letter === "c") return "cleared";
  return code === escapeKey || code >= firstFunctionKey ? "left" : "written";
}
