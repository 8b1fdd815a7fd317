// Reads the paths that an agent reserves: a file, a directory, or a directory with `/**`. Any other pattern is refused by name.
import { posix, win32 } from "node:path";
import { covers } from "../../domain/files/reservation.ts";
import { CliaiError } from "../../domain/text/errors.ts";

/** A path with more is refused: each host looks for all of them on its disk. */
const mostParts = 100;
const form = "reserve a file (src/a.ts), a directory (src), or a directory as src/**";

/**
 * The absolute path that is reserved: it stands for itself and for all below it.
 * @param project the directory in which the agent works, to which the path is relative; undefined if the agent has told none
 * @throws CliaiError `usage` for another pattern, for a relative path without a project, and for what would take everybody's files: the root of a
 * file system, and a directory above the project
 */
export function reservedPath(text: string, project: string | undefined): string {
  const plain = text.replace(/(?:^|[/\\])\*\*$/, (end) => (end.length > 2 ? "" : "."));
  if (/[*?\0]|\{[^}]*,/.test(plain) || /^[!~]/.test(plain)) {
    throw new CliaiError("usage", `"${text}" is a pattern that cannot be reserved`, { hint: form });
  }
  const { isAbsolute, normalize, resolve } = isWindows(project ?? plain) ? win32 : posix;
  if (isAbsolute(plain) || text === "/**") {
    return bounded(withoutEnd(normalize(plain === "" ? "/" : plain)), text, project);
  }
  if (plain === "") throw new CliaiError("usage", "a path to reserve is empty", { hint: form });
  if (project === undefined) {
    throw new CliaiError("usage", `"${text}" is relative, and you have told no project_path`, {
      hint: "give absolute paths",
    });
  }
  return bounded(withoutEnd(resolve(project, plain)), text, project);
}

/** The path, unless it is too wide or too deep. */
function bounded(path: string, text: string, project: string | undefined): string {
  const isRoot = withoutEnd(path) === "" || /^(?:\/|[A-Za-z]:\\?)$/.test(path);
  const isAbove = project !== undefined && covers(path, project) && !covers(project, path);
  if (isRoot || isAbove) {
    throw new CliaiError("usage", `"${text}" is ${isRoot ? "a whole file system" : "above your project"}`, {
      hint: "reserve what you change, inside of your project",
    });
  }
  const parts = path.split(/[/\\]/).length - 1;
  if (parts > mostParts) {
    throw new CliaiError("usage", `a path to reserve has ${parts} parts; at most ${mostParts} are allowed`, {
      hint: "reserve a directory above it",
    });
  }
  return path;
}

function isWindows(path: string): boolean {
  return /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path);
}

/** Without a separator at the end, which only the root of a file system keeps. */
function withoutEnd(path: string): string {
  return path.length > 1 && !/^[A-Za-z]:\\$/.test(path) ? path.replace(/[/\\]$/, "") : path;
}
