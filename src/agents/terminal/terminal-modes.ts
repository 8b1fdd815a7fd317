// Keeps what a program has changed of its terminal, and builds the sequences that reset it. A program that is killed leaves the
// terminal on the alternate screen, with mouse reports, without a cursor, and with another encoding of keys.

export interface TerminalModes {
  /** Reads what the program writes. */
  read(data: Uint8Array): void;
  /** Returns the sequences that undo every change; "" if there is none. */
  reset(): string;
  /** Whether a DEC private mode is on, such as 25, the cursor. */
  isOn(mode: number): boolean;
}

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: they are what the sequences are made of
/** DEC private modes; kitty's keyboard protocol: push, pop, set; xterm's modifyOtherKeys; the cursor's shape; the scroll region; all of it (RIS). */
const sequences =
  /\u001b(?:\[\?(?<modes>[\d;]+)(?<how>[hl])|\[(?<kitty>[><=])(?<flags>[\d;]*)u|\[>4(?:;(?<otherKeys>\d+))?m|\[(?<shape>\d*) q|\[(?<region>\d*;?\d*)r|(?<all>c))/g;
/** The beginning of a sequence whose rest has not come yet. */
const begun = /\u001b(?:\[[?><=]?[\d;]* ?)?$/;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: they are what the sequences are made of

/** The modes that are on by default: wrapping of lines (7), and the cursor (25). */
const onByItself: ReadonlySet<number> = new Set([7, 25]);
/** The modes of the alternate screen. They are reset last, because in kitty each screen has its own keyboard flags. */
const screens: ReadonlySet<number> = new Set([47, 1047, 1049]);
const synchronizedOutput = 2026;

export function createTerminalModes(): TerminalModes {
  const changed = new Set<number>();
  let rest = "";
  let pushed = 0;
  let isKittySet = false;
  let hasOtherKeys = false;
  let hasShape = false;
  let hasRegion = false;

  const clear = () => {
    changed.clear();
    pushed = 0;
    isKittySet = hasOtherKeys = hasShape = hasRegion = false;
  };
  const setMode = (mode: number, isOn: boolean) => {
    if (isOn === onByItself.has(mode)) changed.delete(mode);
    else changed.add(mode);
  };
  const setKitty = (how: string, flags: string) => {
    if (how === ">") pushed += 1;
    else if (how === "<") pushed = Math.max(0, pushed - (Number(flags) || 1));
    else isKittySet = !/^0?(;|$)/.test(flags);
  };
  const take = (groups: Readonly<Record<string, string | undefined>>) => {
    const { modes, how, kitty, flags = "", otherKeys, shape, region, all } = groups;
    if (modes !== undefined) for (const mode of modes.split(";")) setMode(Number(mode), how === "h");
    else if (kitty !== undefined) setKitty(kitty, flags);
    else if (shape !== undefined) hasShape = Number(shape) > 0;
    else if (region !== undefined) hasRegion = region !== "";
    else if (all !== undefined) clear();
    else hasOtherKeys = Number(otherKeys ?? 0) > 0;
  };
  const undo = (mode: number) => `\u001b[?${mode}${onByItself.has(mode) ? "h" : "l"}`;
  return {
    read(data) {
      const text = rest + Buffer.from(data).toString("latin1");
      rest = begun.exec(text.slice(-64))?.[0] ?? "";
      for (const { groups = {} } of text.matchAll(sequences)) take(groups);
    },
    reset() {
      const modes = [...changed].filter((mode) => mode !== synchronizedOutput);
      const parts = [
        changed.has(synchronizedOutput) ? undo(synchronizedOutput) : "",
        pushed > 0 ? `\u001b[<${pushed}u` : "",
        isKittySet ? "\u001b[=0u" : "",
        hasOtherKeys ? "\u001b[>4m" : "",
        hasRegion ? "\u001b[r" : "",
        ...modes.filter((mode) => !screens.has(mode)).map(undo),
        ...modes.filter((mode) => screens.has(mode)).map(undo),
        hasShape ? "\u001b[0 q" : "",
      ].join("");
      clear();
      return parts === "" ? "" : `${parts}\u001b[0m`;
    },
    isOn: (mode) => onByItself.has(mode) !== changed.has(mode),
  };
}
