// Finds the line where a text stops being JSON, for a person who edits a file. Bun's JSON.parse does not tell the line.

export interface TextPosition {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

const token =
  /[ \t\n\r]*(?:([{}[\]:,])|("(?:[^"\\\n\r\t]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.]))/y;

/** Returns the place of the first error; undefined if the text is JSON. */
export function findJsonError(text: string): TextPosition | undefined {
  const open: string[] = [];
  let expected: readonly string[] = ["value"];
  token.lastIndex = 0;
  for (let from = 0; ; from = token.lastIndex) {
    const match = token.exec(text);
    const isEnd = match === null && text.slice(from).trim() === "";
    if (isEnd && expected.length === 0) return undefined;
    const kind = match?.[1] ?? (match?.[2] === undefined ? "value" : "text");
    const accepted = match === null ? undefined : accepts(expected, kind);
    if (accepted === undefined)
      return positionOf(text, from + (/^[ \t\n\r]*/.exec(text.slice(from))?.[0].length ?? 0));
    if (kind === "{" || kind === "[") open.push(kind);
    if (kind === "}" || kind === "]") open.pop();
    expected = following(kind, accepted, open.at(-1));
  }
}

/** The expected role that a token can have; undefined if it can have none of them. A text can be a key or a value. */
function accepts(expected: readonly string[], kind: string): string | undefined {
  if (kind === "text") return expected.find((role) => role === "key" || role === "value");
  if (kind === "{" || kind === "[" || kind === "value") return expected.find((role) => role === "value");
  return expected.find((role) => role === kind);
}

function following(kind: string, role: string, inside: string | undefined): readonly string[] {
  if (kind === "{") return ["key", "}"];
  if (kind === "[") return ["value", "]"];
  if (role === "key") return [":"];
  if (kind === ":") return ["value"];
  if (kind === ",") return inside === "{" ? ["key"] : ["value"];
  if (inside === undefined) return [];
  return [",", inside === "{" ? "}" : "]"];
}

function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
