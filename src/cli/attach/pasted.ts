// What a person pastes on the terminal of `cliai attach`. Most terminals take control characters out of it. This does so for the others, so that
// no text is taken for the keys of somebody who typed.

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: they are what is looked for
const begin = "\u001b[200~";
const end = "\u001b[201~";
const marks = /\u001b\[20[01]~/g;
const begunMark = /\u001b(?:\[(?:2(?:01?)?)?)?$/;
const controls = /[^\P{Cc}\t\n\r]/gu;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: they are what is looked for

/** The end of a paste may never come, and then the key that leaves must count all the same. */
const overAfterMs = 2_000;

/**
 * Returns a filter for what the terminal sends, read by read. Between the marks of a paste it leaves out control characters, except tabs and line
 * breaks. If one read has several marks that end a paste, the last one counts, because those before may be of the text. One whose rest has
 * not come yet is held back.
 */
export function createPasteFilter(nowMs = () => performance.now()): (text: string) => string {
  let pastedAtMs: number | undefined;
  /** What is held back of a mark while something is pasted, and otherwise the end of what has passed. */
  let before = "";
  const pasted = (text: string): string => {
    const at = text.lastIndexOf(end);
    const whole = at === -1 ? text.replace(begunMark, "") : text.slice(0, at);
    const plain = whole.replaceAll(marks, "").replaceAll(controls, "");
    pastedAtMs = at === -1 ? nowMs() : undefined;
    before = at === -1 ? text.slice(whole.length) : "";
    return at === -1 ? plain : `${plain}${end}${keys(text.slice(at + end.length))}`;
  };
  const keys = (text: string): string => {
    const all = before + text;
    const at = all.indexOf(begin);
    const passed = before.length;
    before = all.slice(1 - begin.length);
    if (at === -1) return text;
    const from = at + begin.length;
    return `${all.slice(passed, from)}${pasted(all.slice(from))}`;
  };
  return (text) => {
    if (pastedAtMs === undefined) return keys(text);
    if (nowMs() - pastedAtMs < overAfterMs) return pasted(before + text);
    const held = before;
    pastedAtMs = undefined;
    before = "";
    return keys(held + text);
  };
}
