// The loop's tools that look for files and for words in them.
import { lstat, readdir, readFile } from "node:fs/promises";
import { join, matchesGlob } from "node:path";
import * as v from "valibot";
import { type FileToolPlace, orFailed } from "./file-tools.ts";
import { defineTool, type LoopTool } from "./loop-tool.ts";
import { pathInside, shownPath } from "./project-files.ts";

const skippedFolders = new Set([".git", "node_modules", ".venv", "__pycache__"]);
const mostFiles = 20_000;
/** How many files and folders are looked at, whatever the pattern is. */
const mostLookedAt = 200_000;
const mostShown = 300;
const mostMatches = 100;
const largestSearched = 1_024 ** 2;
const longestLine = 300;

const notWhole = "[Nothing found, but there are more files than were looked at. Name a folder.]";

const folder = v.optional(v.string());
const files = v.optional(v.pipe(v.string(), v.description("a pattern such as **/*.ts")));

export function searchTools(place: FileToolPlace): readonly LoopTool[] {
  return [listTool(place), searchTool(place)];
}

function listTool({ project, outputs }: FileToolPlace): LoopTool {
  return defineTool({
    name: "list_files",
    description: "List the files in a folder and below.",
    kind: "search",
    isReading: true,
    schema: v.strictObject({ folder, files }),
    title: (args) => `List ${args.files ?? "files"} in ${args.folder ?? "."}`,
    run: (args, signal) =>
      orFailed(async () => {
        const found = await findFiles(project, args, signal);
        if (found.paths.length === 0)
          return { text: found.isWhole ? "[There are no such files.]" : notWhole };
        const more = found.paths.length - mostShown;
        const lines = found.paths.slice(0, mostShown);
        if (more > 0)
          lines.push(`[${more}${found.isWhole ? "" : " or more"} others; name a folder or a pattern]`);
        return { text: outputs.cut(lines.join("\n")) };
      }),
  });
}

function searchTool({ project, outputs }: FileToolPlace): LoopTool {
  return defineTool({
    name: "search",
    // No regular expressions: one that takes for ever would keep the loop from hearing a stop.
    description:
      "Find the lines that contain a text, in all files. The text is taken as it is, not as a pattern.",
    kind: "search",
    isReading: true,
    schema: v.strictObject({ text: v.pipe(v.string(), v.minLength(1)), folder, files }),
    title: (args) => `Search for ${JSON.stringify(args.text)}`,
    run: (args, signal) =>
      orFailed(async () => {
        const root = await pathInside(project, ".");
        const { paths, isWhole } = await findFiles(project, args, signal);
        const lines: string[] = [];
        for (const path of paths) {
          signal.throwIfAborted();
          if (lines.length > mostMatches) break;
          const text = await searchable(join(root, path));
          for (const [index, line] of text.split("\n").entries()) {
            if (line.includes(args.text))
              lines.push(`${path}:${index + 1}: ${line.trim().slice(0, longestLine)}`);
          }
        }
        if (lines.length === 0) {
          return { text: isWhole ? "[Nothing found.]" : notWhole };
        }
        const shown = lines.slice(0, mostMatches);
        if (lines.length > mostMatches)
          shown.push(`[The first ${mostMatches} lines. Name a folder or a pattern for others.]`);
        return { text: outputs.cut(shown.join("\n")) };
      }),
  });
}

interface FoundFiles {
  /** Relative to the project, sorted, with `/`. */
  readonly paths: string[];
  /** Whether all files were looked at. */
  readonly isWhole: boolean;
}

/** Symbolic links are listed and not followed. */
async function findFiles(
  project: string,
  { folder = ".", files }: { readonly folder?: string | undefined; readonly files?: string | undefined },
  signal: AbortSignal,
): Promise<FoundFiles> {
  const root = await pathInside(project, ".");
  const start = await pathInside(project, folder);
  const paths: string[] = [];
  const folders = [start];
  let lookedAt = 0;
  for (const dir of folders) {
    signal.throwIfAborted();
    if (paths.length >= mostFiles || lookedAt >= mostLookedAt) break;
    const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
      if (dir === start) throw error;
      return []; // another user's, or removed meanwhile: that hides no other folder
    });
    lookedAt += entries.length;
    for (const entry of entries) {
      const full = join(dir, entry.name);
      if (entry.isDirectory()) {
        if (!skippedFolders.has(entry.name)) folders.push(full);
      } else if (files === undefined || isWanted(shownPath(start, full), files)) {
        paths.push(shownPath(root, full));
      }
    }
  }
  return { paths: paths.sort(), isWhole: paths.length < mostFiles && lookedAt < mostLookedAt };
}

/** A pattern without a folder counts in every folder, because that is what a model means by `*.ts`. */
function isWanted(path: string, pattern: string): boolean {
  return matchesGlob(path, pattern) || (!pattern.includes("/") && matchesGlob(path, `**/${pattern}`));
}

/** Returns "" for a file that is not searched: a large one, one that is not text or cannot be read, and a link, which may lead out. */
async function searchable(full: string): Promise<string> {
  const stats = await lstat(full).catch(() => undefined); // removed meanwhile
  if (stats?.isFile() !== true || stats.size > largestSearched) return "";
  const bytes = await readFile(full).catch(() => Buffer.of()); // another user's
  return bytes.includes(0) ? "" : bytes.toString("utf8");
}
