// `bun .ci/map.ts` prints the map of src for docs/contributing.md. In each folder, one file has a header that begins with
// `// This room`. The text up to the first empty comment line is the folder's line in the map.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");

export interface Room {
  /** From the project's directory, with `/` between: `src/domain/wire`. */
  readonly folder: string;
  /** The lines that its files have for it. There must be exactly one. */
  readonly lines: readonly string[];
}

/** Every folder of src that has source files, in the order of their names. */
export function readRooms(): Room[] {
  const files = readdirSync(join(root, "src"), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(tsx?|js)$/.test(entry.name))
    .map((entry) => ({
      folder: relative(root, entry.parentPath).replaceAll("\\", "/"),
      path: join(entry.parentPath, entry.name),
    }))
    .filter(({ folder }) => folder !== "src");
  const byFolder = Map.groupBy(files, ({ folder }) => folder);
  return [...byFolder]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([folder, inIt]) => ({
      folder,
      lines: inIt
        .map(({ path }) => roomLine(readFileSync(path, "utf8")))
        .filter((line) => line !== undefined),
    }));
}

/** Undefined if the file's header does not describe its folder. */
export function roomLine(source: string): string | undefined {
  const [, first = "", more = ""] =
    /^(?:\/\*\*.*\*\/\n)?\/\/ This room (.+)\n((?:\/\/ .+\n)*)/.exec(source) ?? [];
  if (first === "") return undefined;
  return [first, ...more.split("\n").map((line) => line.slice("// ".length))].join(" ").trim();
}

export function printMap(rooms: readonly Room[]): string {
  const rows = rooms.map(({ folder, lines }) => `| \`${folder}\` | ${lines.join(" ")} |`);
  return ["| room | |", "| --- | --- |", ...rows].join("\n");
}

if (import.meta.main) process.stdout.write(`${printMap(readRooms())}\n`);
