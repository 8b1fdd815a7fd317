// Reads from a tool's input what a person decides about: the command, the change of a file, the address. The agent CLIs name these fields
// alike, and differ in a few names. Pure.

/** One text that is to take the place of another. */
export interface TextChange {
  readonly before: string;
  readonly after: string;
}

/** What the tool is to do, in the form in which a person reads it. */
export type PermissionInput = (
  | { readonly kind: "command"; readonly command: string }
  /** `changes` in the order in which they are made. A new file has one change, from nothing. */
  | { readonly kind: "edit"; readonly path: string; readonly changes: readonly TextChange[] }
  | { readonly kind: "address"; readonly url: string }
) & {
  /** The other fields, each as `name: JSON`: a flag among them may matter as much as the command. */
  readonly others: readonly string[];
};

/**
 * @param json the input as JSON, as a permission request carries it in `context`
 * @returns undefined if it is not JSON, or of no known form: then the JSON itself is shown
 */
export function readPermissionInput(json: string): PermissionInput | undefined {
  const input = parseFields(json);
  if (input === undefined) return undefined;
  const command = textOf(input, commandNames);
  if (command !== undefined) return { kind: "command", command, others: othersOf(input, commandNames) };
  const path = textOf(input, pathNames);
  const changes = path === undefined ? [] : changesOf(input);
  if (path !== undefined && changes.length > 0) {
    return { kind: "edit", path, changes, others: othersOf(input, [...pathNames, ...changeNames]) };
  }
  const url = textOf(input, ["url"]);
  return url === undefined ? undefined : { kind: "address", url, others: othersOf(input, ["url"]) };
}

const commandNames = ["command", "cmd"];
const pathNames = ["file_path", "filePath", "path"];
const beforeNames = ["old_string", "oldString", "old_str", "old_text"];
const afterNames = ["new_string", "newString", "new_str", "new_text"];
const contentNames = ["content", "file_text", "text"];
const changeNames = ["edits", ...beforeNames, ...afterNames, ...contentNames];
const longestOther = 300;

function othersOf(input: Fields, shown: readonly string[]): string[] {
  return Object.entries(input)
    .filter(([name]) => !shown.includes(name))
    .map(([name, value]) => {
      const text = JSON.stringify(value);
      return `${name}: ${text.length > longestOther ? `${text.slice(0, longestOther)} …` : text}`;
    });
}

/** One line of a change: taken away, put in, or the same in both. */
export interface ChangedLine {
  readonly sign: "-" | "+" | " ";
  readonly text: string;
}

/** How many equal lines are kept on each side of what differs. */
const linesAround = 2;

/** The lines of a change, without the equal lines far from what differs. */
export function changedLines({ before, after }: TextChange): ChangedLine[] {
  const [old, next] = [linesOf(before), linesOf(after)];
  const most = Math.min(old.length, next.length);
  let same = 0;
  while (same < most && old[same] === next[same]) same += 1;
  let sameAtEnd = 0;
  while (sameAtEnd < most - same && old.at(-1 - sameAtEnd) === next.at(-1 - sameAtEnd)) sameAtEnd += 1;
  const end = old.length - sameAtEnd;
  const withSign = (sign: ChangedLine["sign"], lines: readonly string[]) =>
    lines.map((text) => ({ sign, text }));
  return [
    ...withSign(" ", old.slice(Math.max(0, same - linesAround), same)),
    ...withSign("-", old.slice(same, end)),
    ...withSign("+", next.slice(same, next.length - sameAtEnd)),
    ...withSign(" ", old.slice(end, end + linesAround)),
  ];
}

type Fields = Readonly<Record<string, unknown>>;

function changesOf(input: Fields): TextChange[] {
  if (Array.isArray(input.edits)) {
    const edits = input.edits.map((edit) => (isFields(edit) ? changeOf(edit) : undefined));
    return edits.every((edit) => edit !== undefined) ? edits : [];
  }
  const change = changeOf(input);
  if (change !== undefined) return [change];
  const content = textOf(input, contentNames, true);
  return content === undefined ? [] : [{ before: "", after: content }];
}

function changeOf(fields: Fields): TextChange | undefined {
  const before = textOf(fields, beforeNames, true);
  const after = textOf(fields, afterNames, true);
  return before === undefined || after === undefined ? undefined : { before, after };
}

/** The first of the fields that has a text. */
function textOf(fields: Fields, names: readonly string[], mayBeEmpty = false): string | undefined {
  const values = names.map((name) => fields[name]);
  return values.find((value): value is string => typeof value === "string" && (mayBeEmpty || value !== ""));
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function parseFields(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined; // a plan, or words
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
