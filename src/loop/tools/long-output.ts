// Cuts long results of tools, and keeps the whole of them, so that the model can read on where the cut was.
import type { ToolResult } from "./loop-tool.ts";

export interface LongOutputs {
  /** Cuts a text to the limit: its beginning and its end stay, and it says how to read the rest. */
  cut(text: string): string;
  /** A kept text by the name that a cut has told, such as `output:3`. */
  read(name: string): string | undefined;
}

const keptOutputs = 20;
const namePrefix = "output:";

/** @param limit in characters; asked for at each cut, because the model's context may not be known before */
export function createLongOutputs(limit: () => number): LongOutputs {
  const kept = new Map<string, string>();
  let count = 0;
  return {
    cut(text) {
      const most = limit();
      if (text.length <= most) return text;
      count += 1;
      const name = `${namePrefix}${count}`;
      kept.set(name, text);
      const [oldest] = kept.keys();
      if (kept.size > keptOutputs && oldest !== undefined) kept.delete(oldest);
      const head = text.slice(0, Math.floor(most * 0.6));
      const tail = text.slice(-Math.floor(most * 0.3));
      const line = head.split("\n").length;
      const where = `read_file with path "${name}" and from_line ${line}`;
      return `${head}\n[${text.length - head.length - tail.length} characters were cut here; to read them: ${where}]\n${tail}`;
    },
    read: (name) => kept.get(name),
  };
}

/** Returns as many lines as fit, from `fromLine` on. If there are more, its last line says where to read on. */
export function readLines(text: string, fromLine: number, most: number): ToolResult {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (text === "") return { text: "[The file is empty.]" };
  if (fromLine > lines.length) {
    return { text: `error: there are only ${lines.length} lines`, isError: true };
  }
  const taken: string[] = [];
  let size = 0;
  for (const line of lines.slice(fromLine - 1)) {
    size += line.length + 1;
    if (size > most && taken.length > 0) break;
    taken.push(line.length > most ? `${line.slice(0, most)} [the line is cut]` : line);
  }
  const last = fromLine - 1 + taken.length;
  const more = `\n[Lines ${fromLine} to ${last} of ${lines.length}. Read on with from_line ${last + 1}.]`;
  return { text: taken.join("\n") + (last < lines.length ? more : "") };
}
