// Text that comes in parts, to its lines. A line ends at a line feed alone: JSON may hold every other character that ends a line
// for `node:readline`, such as U+2028, as it is.

export interface LineSplitter {
  /** The lines that this part ends. */
  push(part: string): string[];
  /** What stands behind the last line feed. */
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
