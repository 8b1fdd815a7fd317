// This room decides what is shown of the changes that an agent has made: files, lines, before and now side by side. Pure.
//
// The list of changed files, from `git diff-tree -r -z --raw --numstat` of two trees.

export const fileStates = ["added", "modified", "deleted", "renamed", "copied", "type_changed"] as const;
export type FileState = (typeof fileStates)[number];

export interface ChangedFile {
  /** Relative to the root of the repository, with `/`. */
  readonly path: string;
  /** The path before, of a file that was renamed or copied. */
  readonly old_path?: string;
  readonly state: FileState;
  /** How many lines; absent for a binary file, and for one that is too large to be read. */
  readonly added?: number;
  readonly deleted?: number;
  readonly is_binary?: true;
  /** Git does not know it yet: nobody has added it. */
  readonly is_untracked?: true;
  /** A merge has left it with conflicts. */
  readonly is_unmerged?: true;
  /** What it is, if it is not a file: its lines then are its target, or its commit. */
  readonly kind?: "symlink" | "submodule" | "repository";
  /** Set if it may be run now and could not before, or the other way round. */
  readonly executable?: boolean;
  /** Its size in bytes, if it is too large to be read. */
  readonly too_large?: number;
  /** Names its content before and now: a comment counts only for what its writer has seen. */
  readonly seen: string;
}

const states: Readonly<Record<string, FileState>> = {
  A: "added",
  M: "modified",
  D: "deleted",
  R: "renamed",
  C: "copied",
  T: "type_changed",
};

const kinds: Readonly<Record<string, ChangedFile["kind"]>> = { "120000": "symlink", "160000": "submodule" };

/** What git prints: first a record of each file, then the counts of each file. */
export function parseChangedFiles(output: string): ChangedFile[] {
  const fields = output.split("\0");
  const files: ChangedFile[] = [];
  let at = 0;
  const next = () => fields[at++] ?? "";
  while (fields[at]?.startsWith(":") === true) {
    const [oldMode = "", newMode = "", oldId = "", newId = "", status = ""] = next().slice(1).split(" ");
    const state = states[status.charAt(0)] ?? "modified";
    const first = next();
    const path = state === "renamed" || state === "copied" ? next() : first;
    const kind = kinds[newMode] ?? (state === "deleted" ? kinds[oldMode] : undefined);
    const mayRun = (mode: string) => mode === "100755";
    const isSwitched = state !== "added" && state !== "deleted" && mayRun(oldMode) !== mayRun(newMode);
    files.push({
      path,
      ...(path === first ? {} : { old_path: first }),
      state,
      ...(kind === undefined ? {} : { kind }),
      ...(isSwitched ? { executable: mayRun(newMode) } : {}),
      seen: `${oldId}..${newId}`,
    });
  }
  return files.map((file) => {
    const [added = "", deleted = "", path = ""] = next().split("\t");
    if (path === "") at += 2; // of a renamed file, both paths stand in fields of their own
    if (added === "-") return { ...file, is_binary: true };
    return { ...file, added: Number(added), deleted: Number(deleted) };
  });
}

const stateWords: Readonly<Record<FileState, string>> = {
  added: "new",
  modified: "",
  deleted: "deleted",
  renamed: "renamed",
  copied: "copied",
  type_changed: "of another kind now",
};

/** What a person has to know of it, beside its path and its counts. */
export function fileWords({ state, kind, executable, is_untracked, is_unmerged }: ChangedFile): string[] {
  const words = [
    stateWords[state],
    kind ?? "",
    is_untracked === true ? "not added yet" : "",
    is_unmerged === true ? "with conflicts" : "",
    executable === undefined ? "" : executable ? "may be run now" : "may not be run any more",
  ];
  return words.filter((word) => word !== "");
}

/** The sums of all files of which lines were counted. */
export function countLines(files: readonly ChangedFile[]): { added: number; deleted: number } {
  const sum = (key: "added" | "deleted") => files.reduce((total, file) => total + (file[key] ?? 0), 0);
  return { added: sum("added"), deleted: sum("deleted") };
}

/** How many lines of it have changed. */
export function changedLines({ added = 0, deleted = 0 }: ChangedFile): number {
  return added + deleted;
}
