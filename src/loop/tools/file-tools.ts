// The loop's tools that read and change files of the project.
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as v from "valibot";
import { messageOf } from "../../domain/text/errors.ts";
import { type LongOutputs, readLines } from "./long-output.ts";
import { defineTool, failed, type LoopTool, type ToolResult } from "./loop-tool.ts";
import { pathInside, shownPath } from "./project-files.ts";

export interface FileToolPlace {
  /** Absolute path of the folder in which the agent works. */
  readonly project: string;
  readonly outputs: LongOutputs;
  /** How long a result may be, in characters. */
  readonly limit: () => number;
}

const largestFile = 10 * 1_024 ** 2;
const path = v.pipe(v.string(), v.minLength(1, "must not be empty"));
const line = v.pipe(v.number(), v.integer(), v.minValue(1));

export function fileTools(place: FileToolPlace): readonly LoopTool[] {
  return [readTool(place), writeTool(place), editTool(place)];
}

function readTool({ project, outputs, limit }: FileToolPlace): LoopTool {
  return defineTool({
    name: "read_file",
    description: "Read a text file.",
    kind: "read",
    isReading: true,
    schema: v.strictObject({ path, from_line: v.optional(line) }),
    title: (args) => `Read ${args.path}`,
    run: (args) =>
      orFailed(async () => {
        const kept = outputs.read(args.path);
        const text = kept ?? (await readText(await pathInside(project, args.path)));
        return readLines(text, args.from_line ?? 1, limit());
      }),
  });
}

function writeTool({ project }: FileToolPlace): LoopTool {
  return defineTool({
    name: "write_file",
    description: "Write a whole text file: a new one, or in place of the old one.",
    kind: "edit",
    isReading: false,
    schema: v.strictObject({ path, text: v.string() }),
    title: (args) => `Write ${args.path}`,
    run: (args) =>
      orFailed(async () => {
        const full = await pathInside(project, args.path);
        const before = await stat(full).catch(() => undefined); // new
        // A write to a pipe would wait for a reader, for ever.
        if (before?.isFile() === false) throw new Error("it is not a file");
        const oldText = before === undefined ? null : await readText(full).catch(() => null); // no text
        await mkdir(dirname(full), { recursive: true });
        await writeFile(full, args.text);
        const what = before === undefined ? "wrote" : "replaced";
        return {
          text: `${what} ${shownPath(await pathInside(project, "."), full)} (${args.text.length} characters)`,
          diff: { path: full, oldText, newText: args.text },
        };
      }),
  });
}

function editTool({ project }: FileToolPlace): LoopTool {
  return defineTool({
    name: "edit_file",
    description: "Replace a piece of a text file. old_text must stand in it exactly once.",
    kind: "edit",
    isReading: false,
    schema: v.strictObject({ path, old_text: v.pipe(v.string(), v.minLength(1)), new_text: v.string() }),
    title: (args) => `Edit ${args.path}`,
    run: (args) =>
      orFailed(async () => {
        const full = await pathInside(project, args.path);
        const oldText = await readText(full);
        const lineEnds = (text: string) =>
          oldText.includes("\r\n") ? text.replaceAll(/\r?\n/g, "\r\n") : text;
        const [before = "", ...rest] = oldText.split(lineEnds(args.old_text));
        const [after = ""] = rest;
        if (rest.length === 0) return failed(`old_text does not stand in ${args.path}; read the file again`);
        if (rest.length > 1) {
          return failed(`old_text stands ${rest.length} times in ${args.path}; take a longer piece`);
        }
        const newText = before + lineEnds(args.new_text) + after;
        await writeFile(full, newText);
        return { text: `edited ${args.path}`, diff: { path: full, oldText, newText } };
      }),
  });
}

/** @throws an error whose message is for the model */
async function readText(full: string): Promise<string> {
  const stats = await stat(full);
  if (stats.isDirectory()) throw new Error("it is a folder; use list_files");
  if (!stats.isFile()) throw new Error("it is not a file");
  if (stats.size > largestFile) throw new Error(`it has ${stats.size} bytes, which is too much to read`);
  const bytes = await readFile(full);
  if (bytes.includes(0)) throw new Error("it is not a text file");
  return bytes.toString("utf8");
}

/** Turns an error into a result for the model. */
export async function orFailed(run: () => Promise<ToolResult>): Promise<ToolResult> {
  try {
    return await run();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return failed("there is no such file or folder");
    return failed(messageOf(error));
  }
}
