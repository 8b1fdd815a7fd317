// Knows again which tasks are comments, on which lines of which file: the id of such an order says so.
import { createHash } from "node:crypto";
import type { LineRange } from "../../../domain/changes/comment.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { CommandRecord } from "../../../domain/receipts.ts";

export interface CommentOrder extends LineRange {
  readonly command: CommandRecord;
  /** A hash of the file's path. */
  readonly file: string;
  /** A hash of what the file was before and at that time. */
  readonly seen: string;
}

const pattern = /^diff-([0-9a-f]{16})-([0-9a-f]{8})-([no])([0-9]{1,9})-([0-9]{1,9})-[0-9a-f-]{36}$/;

export function pathHash(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 16);
}

export function seenHash(seen: string): string {
  return createHash("sha256").update(seen).digest("hex").slice(0, 8);
}

/** An order with the same key is stored once. @param key a UUID */
export function commentOrderId(
  path: string,
  seen: string,
  { side, from, to }: LineRange,
  key: string,
): string {
  return `diff-${pathHash(path)}-${seenHash(seen)}-${side === "now" ? "n" : "o"}${from}-${to}-${key}`;
}

/** The comments that the agent was sent, the oldest first, as far as its record has them. */
export function commentsOf({ commands }: Pick<AgentView, "commands">): CommentOrder[] {
  return commands.flatMap((command) => {
    const [, file, seen, side, from, to] = pattern.exec(command.command_id) ?? [];
    if (file === undefined || seen === undefined || command.type !== "task") return [];
    return [
      {
        command,
        file,
        seen,
        side: side === "n" ? ("now" as const) : ("before" as const),
        from: Number(from),
        to: Number(to),
      },
    ];
  });
}
