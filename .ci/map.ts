// Prints the map of src as it stands in docs/contributing.md: `bun .ci/map.ts`. Each folder has one file whose header begins
// with `// This room`; the words up to the first empty comment line are the folder's line of the map.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");

export interface Room {
  /** From the project's directory, with `/` between: `src/domain/wire`. */
  readonly folder: string;
  /** What its files say of it; one is right. */
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

/** Undefined for a file whose header says nothing of its folder. */
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
