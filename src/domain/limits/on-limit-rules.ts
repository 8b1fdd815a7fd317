// What agents do at a usage limit whose profile does not say it: for all of them, and for those that match a filter. Pure.
import type { AgentView } from "../fleet/agent-view.ts";
import { type AgentFilter, matchesFilter, parseFilter } from "../fleet/shown/agent-filter.ts";
import type { OnLimit } from "./on-limit.ts";

export interface OnLimitRules {
  /** For the agents that match none of the groups. */
  readonly others: OnLimit;
  /** The first group that matches an agent counts. */
  readonly groups: readonly { readonly filter: AgentFilter; readonly does: OnLimit }[];
}

/** `resume`, or with groups: `resume; tag:night=hold; project:shop -tag:api=stop`. */
export const onLimitPattern = /^(resume|hold|stop)( *; *[^;=]*[^;= ] *= *(resume|hold|stop))*$/;

/** @param text must match {@link onLimitPattern} */
export function parseOnLimit(text: string): OnLimitRules {
  const [others = "resume", ...groups] = text.split(";").map((each) => each.trim());
  return {
    others: others as OnLimit,
    groups: groups.map((group) => {
      const [words = "", does = ""] = group.split("=").map((each) => each.trim());
      return { filter: parseFilter(words), does: does as OnLimit };
    }),
  };
}

export function onLimitOf({ others, groups }: OnLimitRules, agent: AgentView | undefined): OnLimit {
  const group = agent && groups.find(({ filter }) => matchesFilter(agent, filter));
  return group?.does ?? others;
}
