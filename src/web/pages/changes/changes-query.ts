// What the address of the tab with an agent's changes asks for.
import type { LineRange } from "../../../domain/changes/comment.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { tabPath } from "../agent/agent-tabs.tsx";

/** Before and now below each other, or side by side. */
export const diffLayouts = ["unified", "split"] as const;
export type DiffLayout = (typeof diffLayouts)[number];

export interface ChangesQuery {
  readonly layout: DiffLayout;
  /** "" for the usual one. */
  readonly base: string;
  /** Only what was changed in the turn that began then; "" for all turns. */
  readonly turn: string;
  /** Only this file; "" for all. */
  readonly file: string;
  /** The first line that is shown of that file, counted from 0. */
  readonly from: number;
  /** The file on which a comment is written; "" if none is. */
  readonly at: string;
  /** Its line: `n12` as it is now, `o12` as it was before. */
  readonly line: string;
  /** The line that was pressed before that one: all between the two are chosen. */
  readonly first: string;
}

export function readChangesQuery(asked: Readonly<Record<string, string>>): ChangesQuery {
  const {
    layout,
    base = "",
    turn = "",
    file = "",
    from = "",
    at = "",
    line = "",
    number = "",
    first = "",
  } = asked;
  return {
    layout: diffLayouts.find((each) => each === layout) ?? "unified",
    ...{ base: base.trim(), turn, file },
    from: /^\d{1,9}$/.test(from) ? Number(from) : 0,
    // A number that was typed counts before a line: Enter in its field presses the first line of the table, too.
    ...{ at, line: number || line, first },
  };
}

/** The fields that an address or a form has to name, because they are not the usual ones. */
export function fieldsOf(query: Partial<ChangesQuery>): [name: string, value: string][] {
  const { layout, from = 0, base = "", turn = "", file = "", at = "", line = "", first = "" } = query;
  const fields = {
    layout: layout === "split" ? layout : "",
    base,
    turn,
    file,
    from: from === 0 ? "" : String(from),
  };
  return Object.entries({ ...fields, at, line, first }).filter(([, value]) => value !== "");
}

/** The address of the tab with this query. */
export function changesPath(id: AgentId, query: Partial<ChangesQuery>): string {
  const params = new URLSearchParams(fieldsOf(query));
  return tabPath(id, "changes") + (params.size === 0 ? "" : `?${params}`);
}

/** Where the form of a comment is sent. */
export function commentPath(id: AgentId): string {
  return `${tabPath(id, "changes")}/comment`;
}

/** The page on which commits, pushes and pull requests are confirmed. */
export function gitPath(id: AgentId): string {
  return `${tabPath(id, "changes")}/git`;
}

export interface ChosenLines extends LineRange {
  readonly path: string;
}

/** The lines on which a comment is written; undefined if none are chosen. */
export function chosenOf({ at: path, line, first }: ChangesQuery): ChosenLines | undefined {
  const [end, begin] = [parseLine(line), parseLine(first)];
  if (path === "" || end === undefined) return undefined;
  const { side, number } = end;
  const other = begin?.side === side ? begin.number : number;
  return { path, side, from: Math.min(number, other), to: Math.max(number, other) };
}

function parseLine(text: string): { readonly side: LineRange["side"]; readonly number: number } | undefined {
  const [, side, number] = /^([no]?)([1-9]\d{0,8})$/.exec(text) ?? [];
  return number === undefined ? undefined : { side: side === "o" ? "before" : "now", number: Number(number) };
}
