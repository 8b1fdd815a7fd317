// Reads from a tool's input what a person decides about: the command, the change of a file, the address. The agent CLIs name these fields
// alike, and differ in a few names. Pure.
import { redact } from "./redact.ts";

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
  if (command !== undefined) {
    return { kind: "command", command: command.text, others: othersOf(input, [command.name]) };
  }
  const path = textOf(input, pathNames);
  const found = path && changesOf(input);
  if (found !== undefined && found.changes.length > 0) {
    const others = [...othersOf(input, [path?.name, ...found.names]), ...found.others];
    return { kind: "edit", path: path?.text ?? "", changes: found.changes, others };
  }
  const url = textOf(input, ["url"]);
  return url && { kind: "address", url: url.text, others: othersOf(input, [url.name]) };
}

/** The command, the path or the address alone, in one line and without secrets, for a list. */
export function permissionLine(input: PermissionInput): string {
  const { kind } = input;
  const text = kind === "command" ? input.command : kind === "edit" ? input.path : input.url;
  return redact(text).replaceAll(/\s+/g, " ").trim();
}

/** One line of what a tool is to do. */
export interface InputLine {
  /** Only in a line of a change. */
  readonly sign?: ChangedLine["sign"];
  readonly text: string;
}

/** What the tool is to do, line by line: the command, the change of a file, the address, and the other fields. */
export function inputLines(input: PermissionInput): InputLine[] {
  return [...mainLines(input), ...input.others.map((text) => ({ text }))];
}

function mainLines(input: PermissionInput): InputLine[] {
  switch (input.kind) {
    case "command":
      return input.command.split("\n").map((text, index) => ({ text: `${index === 0 ? "$" : " "} ${text}` }));
    case "address":
      return [{ text: input.url }];
    case "edit":
      return [{ text: input.path }, ...input.changes.flatMap(changedLines)];
  }
}

/** Any input as text without JSON around it: its lines, or, if it has no known form, a line for each field. What is not JSON stays as it is. */
export function inputText(json: string): string {
  const input = readPermissionInput(json);
  if (input !== undefined) {
    return inputLines(input)
      .map(({ sign, text }) => (sign === undefined ? text : `${sign} ${text}`.trimEnd()))
      .join("\n");
  }
  const fields = Object.entries(parseFields(json) ?? {});
  if (fields.length === 0) return json;
  return fields
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");
}

const commandNames = ["command", "cmd"];
const pathNames = ["file_path", "filePath", "path"];
const beforeNames = ["old_string", "oldString", "old_str", "old_text"];
const afterNames = ["new_string", "newString", "new_str", "new_text"];
const contentNames = ["content", "file_text", "text"];

/** @param shown the fields that are shown already. One that only has a name like theirs is not: the tool may use that one. */
function othersOf(input: Fields, shown: readonly (string | undefined)[]): string[] {
  return Object.entries(input)
    .filter(([name]) => !shown.includes(name))
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
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

interface FoundChanges {
  readonly changes: readonly TextChange[];
  /** The fields that they were read from. */
  readonly names: readonly string[];
  /** The other fields of the single edits, such as that one is made everywhere. */
  readonly others: readonly string[];
}

function changesOf(input: Fields): FoundChanges | undefined {
  if (Array.isArray(input.edits)) {
    const edits = input.edits.map((edit) => (isFields(edit) ? changeOf(edit) : undefined));
    if (!edits.every((edit) => edit !== undefined)) return undefined;
    return {
      changes: edits.flatMap(({ changes }) => changes),
      names: ["edits"],
      others: input.edits.flatMap((edit: Fields, index) =>
        othersOf(edit, edits[index]?.names ?? []).map((other) => `edit ${index + 1}, ${other}`),
      ),
    };
  }
  const change = changeOf(input);
  if (change !== undefined) return change;
  const content = textOf(input, contentNames, true);
  return content && { changes: [{ before: "", after: content.text }], names: [content.name], others: [] };
}

function changeOf(fields: Fields): FoundChanges | undefined {
  const before = textOf(fields, beforeNames, true);
  const after = textOf(fields, afterNames, true);
  if (before === undefined || after === undefined) return undefined;
  return {
    changes: [{ before: before.text, after: after.text }],
    names: [before.name, after.name],
    others: [],
  };
}

interface FoundText {
  readonly name: string;
  readonly text: string;
}

/** The first of the fields that has a text. */
function textOf(fields: Fields, names: readonly string[], mayBeEmpty = false): FoundText | undefined {
  for (const name of names) {
    const text = fields[name];
    if (typeof text === "string" && (mayBeEmpty || text !== "")) return { name, text };
  }
  return undefined;
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
