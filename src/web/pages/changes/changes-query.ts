// What the address of the tab with an agent's changes asks for.
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { tabPath } from "../agent/agent-tabs.tsx";

/** Before and now below each other, or side by side. */
export const diffLayouts = ["unified", "split"] as const;
export type DiffLayout = (typeof diffLayouts)[number];

export interface ChangesQuery {
  readonly layout: DiffLayout;
  /** "" for the usual one. */
  readonly base: string;
  /** Only this file; "" for all. */
  readonly file: string;
  readonly from: number;
}

export function readChangesQuery(asked: Readonly<Record<string, string>>): ChangesQuery {
  const { layout, base = "", file = "", from = "" } = asked;
  return {
    layout: diffLayouts.find((each) => each === layout) ?? "unified",
    base: base.trim(),
    file,
    from: /^\d{1,9}$/.test(from) ? Number(from) : 0,
  };
}

/** The address of the tab with this query. */
export function changesPath(id: AgentId, query: Partial<ChangesQuery>): string {
  const { layout = "unified", base = "", file = "", from = 0 } = query;
  const params = new URLSearchParams({
    ...(layout === "unified" ? {} : { layout }),
    ...(base === "" ? {} : { base }),
    ...(file === "" ? {} : { file }),
    ...(from === 0 ? {} : { from: String(from) }),
  });
  return tabPath(id, "changes") + (params.size === 0 ? "" : `?${params}`);
}
