// How the fleet page lays out its agents, by how many there are. Pure.

export const layouts = ["empty", "cards", "table"] as const;
export type Layout = (typeof layouts)[number];

/** Above this many agents the page is a dense table. */
const mostCards = 12;

export function layoutOf(agents: number): Layout {
  if (agents === 0) return "empty";
  return agents <= mostCards ? "cards" : "table";
}
