// For whom a standing rule would count, in words, for a person who is about to make it. Pure.
import type { RuleFor } from "./standing-rule.ts";

/** @param agent the agent that asks */
export function ruleForWords({ scope, profile, project = "", host }: RuleFor, agent: string): string {
  if (scope === "session") return `for this session of ${agent}`;
  const place = `${endOfPath(project)} on ${host}`;
  return scope === "agent" ? `always, for ${agent} in ${place}` : `always, for every ${profile} in ${place}`;
}

/** In characters. */
const longestPath = 48;

/** A whole path, or the last folders of a long one: folders in different places often have the same name. */
function endOfPath(path: string): string {
  if (path.length <= longestPath) return path;
  const end = path.slice(-longestPath);
  const start = end.search(/[\\/]/);
  return `…${end.slice(Math.max(start, 0))}`;
}
