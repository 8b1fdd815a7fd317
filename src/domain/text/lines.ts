// Splits arriving text into lines, at line feeds alone. `node:readline` also splits at characters that JSON may contain,
// such as U+2028. Writes JSON that such a program reads as one line, too.

export interface LineSplitter {
  /** Takes a part of the text. Returns the lines that it completes. */
  push(part: string): string[];
  /** The text after the last line feed. */
  rest(): string;
}

export function createLineSplitter(): LineSplitter {
  let line = "";
  return {
    push(part) {
      const [end = "", ...more] = part.split("\n");
      line += end;
      if (more.length === 0) return [];
      const lines = [line, ...more];
      line = lines.pop() ?? "";
      return lines.map(withoutReturn);
    },
    rest: () => withoutReturn(line),
  };
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/**
 * The value as JSON on one line. Escapes U+0085, U+2028 and U+2029, because some programs, such as those that use `node:readline`, end a line
 * there.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0085\u2028\u2029]/g,
    (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
