// What has become of lines of a file since they were quoted, by the changes of the file since then.
import type { FileChanges } from "./changes-report.ts";

export type SinceQuoted =
  | { readonly kind: "same" | "gone" }
  /** All of them are there, elsewhere: by other numbers, or in a file that has another name now. */
  | { readonly kind: "moved"; readonly path: string; readonly from: number; readonly to: number }
  /** Some are not there any more, lines have come between them, or it cannot be told. */
  | { readonly kind: "changed"; readonly path: string };

/** @param file its changes since then; undefined if there are none */
export function sinceQuoted(
  file: FileChanges | undefined,
  { from, to }: { readonly from: number; readonly to: number },
): SinceQuoted {
  if (file === undefined) return { kind: "same" };
  const { path, old_path = path, state, hunks, seen, left_out, is_binary } = file;
  if (state === "deleted") return { kind: "gone" };
  const isUnread = seen === "" || left_out !== undefined || is_binary === true || state === "type_changed";
  if (isUnread || hunks === undefined) return { kind: "changed", path };
  let [shift, deleted] = [0, 0];
  let isTouched = false;
  for (const hunk of hunks) {
    /** The line before the change that comes next. */
    let next = hunk.old_start;
    for (const { kind, old } of hunk.lines) {
      if (kind !== "added") next = (old ?? next) + 1;
      if (kind === "same") continue;
      const isBefore = kind === "added" ? next <= from : next - 1 < from;
      if (isBefore) shift += kind === "added" ? 1 : -1;
      else if (kind === "added") isTouched ||= next <= to;
      else if (next - 1 <= to) deleted += 1;
    }
  }
  if (deleted > to - from) return { kind: "gone" };
  if (deleted > 0 || isTouched) return { kind: "changed", path };
  if (shift === 0 && path === old_path) return { kind: "same" };
  return { kind: "moved", path, from: from + shift, to: to + shift };
}

/** In a sentence. @param path of the file when the lines were quoted */
export function sinceQuotedText(path: string, since: SinceQuoted): string {
  switch (since.kind) {
    case "same":
      return "They are the same now.";
    case "gone":
      return "They are not there any more.";
    case "moved": {
      const lines = since.from === since.to ? `line ${since.from}` : `lines ${since.from}–${since.to}`;
      return `They are ${lines}${since.path === path ? "" : ` of ${since.path}`} now.`;
    }
    case "changed":
      return `They have changed since: look at ${since.path === path ? "the file" : since.path} as it is now.`;
  }
}
