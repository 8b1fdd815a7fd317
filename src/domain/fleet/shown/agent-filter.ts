// The language in which agents are chosen: on the page, by `--filter`, and in the API. Pure.
import { type AgentView, unknownText } from "../agent-view.ts";
import { needText } from "../needs/need.ts";
import { attentionWordsOf } from "../status-look.ts";
import { sectionOf } from "./sections.ts";
import { shownCli } from "./shown-cli.ts";
import { noTag } from "./tags.ts";

export const filterKeys = ["status", "project", "profile", "tag", "machine", "cli"] as const;
export type FilterKey = (typeof filterKeys)[number];

/** One condition. An agent matches a filter if it meets all of its conditions. */
export interface FilterTerm {
  /** Undefined: one of the values has to occur in what a list shows of the agent. */
  readonly key: FilterKey | undefined;
  /** In lower case. One of them is enough. */
  readonly values: readonly string[];
  /** Whether agents that meet the condition are left out. */
  readonly isNot: boolean;
}

export type AgentFilter = readonly FilterTerm[];

/** A word: an optional `-`, an optional key with its colon, and a text, which may stand in quotes. */
const word = /(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+)|(?=\s|$))/gi;

/**
 * Reads a filter. `shop` or `"mend the"` has to occur in what a list shows of the agent; `project:shop` and `tag:api,web` have to be a value of
 * the agent; `-tag:api` and `-shop` leave agents out. Upper and lower case are the same. A word with an unknown key, such as `http://x`, is a
 * plain word. An empty text matches every agent.
 */
export function parseFilter(text: string): AgentFilter {
  const terms: FilterTerm[] = [];
  for (const [whole, minus = "", name, quoted, plain] of text.matchAll(word)) {
    if (whole === "") continue;
    const key = filterKeys.find((each) => each === name?.toLowerCase());
    const value = (quoted ?? plain ?? "").toLowerCase();
    const isNot = minus === "-" && (key !== undefined || value !== "");
    if (key !== undefined) {
      const values = quoted === undefined ? value.split(",").filter((each) => each !== "") : [value];
      terms.push({ key, values, isNot });
    } else {
      const shown = name === undefined ? value : `${name.toLowerCase()}:${value}`;
      terms.push({ key, values: [isNot || minus === "" ? shown : `-${shown}`], isNot });
    }
  }
  return terms;
}

export function matchesFilter(agent: AgentView, filter: AgentFilter): boolean {
  let shown: string | undefined;
  return filter.every(({ key, values, isNot }) => {
    if (key !== undefined) {
      const own = valuesOf(agent, key).map((each) => each.toLowerCase());
      return values.some((value) => own.includes(value)) !== isNot;
    }
    shown ??= shownText(agent);
    const all = shown;
    return values.some((value) => all.includes(value)) !== isNot;
  });
}

/**
 * The values by which a key finds the agent. A status is also found by its section (`needs-you`, `away`), and a project by its last folder.
 * A value that is not known is `unknown`; an agent without tags has the value `none`.
 */
export function valuesOf(agent: AgentView, key: FilterKey): readonly string[] {
  switch (key) {
    case "status":
      return [agent.status, sectionOf(agent)];
    case "project":
      return [agent.project_path, folderOf(agent.project_path)];
    case "profile":
      return [agent.config_name];
    case "tag":
      return agent.tags.length === 0 ? [noTag] : agent.tags;
    case "machine":
      return [agent.host ?? unknownText];
    case "cli":
      return [shownCli(agent)?.name ?? unknownText];
  }
}

/** The last part of a path: `shop` of `/home/mia/shop`. */
export function folderOf(path: string): string {
  return (
    path
      .split(/[\\/]/)
      .filter((part) => part !== "")
      .at(-1) ?? path
  );
}

/** The filter as a person would type it: `status:idle,working -tag:api "mend the"`. */
export function filterText(filter: AgentFilter): string {
  return filter
    .map(({ key, values, isNot }) => {
      const value = values.map((each) => (/[\s,"]/.test(each) ? `"${each}"` : each)).join(",");
      return `${isNot ? "-" : ""}${key === undefined ? "" : `${key}:`}${value}`;
    })
    .join(" ");
}

function shownText(agent: AgentView): string {
  const { agent_id, status, task, config_name, project_path, axes, host = "", tags, needs } = agent;
  const shown = [
    ...[agent_id, status, task.text, config_name, project_path, host, ...tags],
    ...[shownCli(agent)?.name ?? unknownText, attentionWordsOf(axes), axes.attention.reason],
    ...needs.map(needText),
  ];
  return shown.join("\n").toLowerCase();
}
