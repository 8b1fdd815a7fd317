// What a person wants to see of the fleet, as it stands in the page's address: the filter, the order, the groups. Pure.
import {
  type AgentFilter,
  type FilterKey,
  filterKeys,
  parseFilter,
} from "../../../domain/fleet/shown/agent-filter.ts";

export const columns = ["agent", "status", "task", "cli", "project", "cost", "queue", "heard"] as const;
export type Column = (typeof columns)[number];

export const groupings = ["state", "project", "profile", "tag", "machine"] as const;
export type Grouping = (typeof groupings)[number];

export interface FleetQuery {
  /** The search, in the language of `--filter`. */
  readonly q: string;
  /** The values that were chosen in the lists beside the search; "" stands for all. */
  readonly facets: Readonly<Record<FilterKey, string>>;
  /** Undefined: those that need a person longest first, the others by id. */
  readonly sort: { readonly by: Column; readonly isDown: boolean } | undefined;
  readonly group: Grouping;
  /** Whether long groups are shown to their end. */
  readonly isWhole: boolean;
}

/** Reads the query of an address. What it does not know, it leaves out, so that an old link still works. */
export function parseFleetQuery(param: (name: string) => string | undefined): FleetQuery {
  const sort = param("sort") ?? "";
  const by = columns.find((column) => column === sort.replace(/^-/, ""));
  const facets = Object.fromEntries(filterKeys.map((key) => [key, param(key)?.trim() ?? ""]));
  return {
    q: param("q")?.trim() ?? "",
    facets: facets as Record<FilterKey, string>,
    sort: by && { by, isDown: sort.startsWith("-") },
    group: groupings.find((each) => each === param("group")) ?? "state",
    isWhole: param("all") === "1",
  };
}

/** The query as parameters of an address; empty for the plain page. */
export function queryParams({ q, facets, sort, group, isWhole }: FleetQuery): URLSearchParams {
  const params = new URLSearchParams();
  if (q !== "") params.set("q", q);
  for (const key of filterKeys) if (facets[key] !== "") params.set(key, facets[key]);
  if (sort !== undefined) params.set("sort", sortParam(sort));
  if (group !== "state") params.set("group", group);
  if (isWhole) params.set("all", "1");
  return params;
}

export function sortParam({ by, isDown }: NonNullable<FleetQuery["sort"]>): string {
  return `${isDown ? "-" : ""}${by}`;
}

/** The address of the fleet page with this query. */
export function fleetAddress(query: FleetQuery): string {
  const params = queryParams(query).toString();
  return params === "" ? "/" : `/?${params}`;
}

export function withoutFilter(query: FleetQuery): FleetQuery {
  return { ...query, q: "", facets: parseFleetQuery(() => undefined).facets };
}

export function isFiltered({ q, facets }: FleetQuery): boolean {
  return q !== "" || filterKeys.some((key) => facets[key] !== "");
}

/** The search and the chosen values as one filter. */
export function filterOf({ q, facets }: Pick<FleetQuery, "q" | "facets">): AgentFilter {
  const chosen = filterKeys
    .filter((key) => facets[key] !== "")
    .map((key) => ({
      key,
      // A path may have a comma in it; no other value has one.
      values: (key === "project" ? [facets[key]] : facets[key].split(",")).map((each) => each.toLowerCase()),
      isNot: false,
    }));
  return [...parseFilter(q), ...chosen];
}

/** The columns whose largest value comes first when a person first sorts by them. */
const largestFirst: readonly Column[] = ["cost", "queue", "heard"];

/** What a click on a column's head asks for: its usual order; if that is shown, the reverse. */
export function nextSort({ sort }: FleetQuery, by: Column): NonNullable<FleetQuery["sort"]> {
  const usual = largestFirst.includes(by);
  return { by, isDown: sort?.by === by ? !sort.isDown : usual };
}
