// The tags of an agent: those of its profile, and those that a person has added or taken away. Pure.
import * as v from "valibot";
import type { AgentRecord, TagChanges } from "../agent-record.ts";

/** By this word a filter finds the agents without tags, so no tag has this name. */
export const noTag = "none";

/** The most tags of one agent, and the most characters of one tag. */
export const mostTags = 16;
const longestTag = 40;

/** A tag can be written in a filter and in an address without quotes. It is not `none`: see {@link noTag}. */
export const TagSchema = v.pipe(
  v.string("a tag must be text"),
  v.maxLength(longestTag, `a tag has at most ${longestTag} characters`),
  v.regex(
    /^(?!none$)[A-Za-z0-9][A-Za-z0-9_./-]*$/,
    "a tag is letters, digits, _ . / and -, begins with a letter or digit, and is not none",
  ),
);

/** Sorted, each once. */
export function tagsOf({
  profile_tags = [],
  tag_changes,
}: Pick<AgentRecord, "profile_tags" | "tag_changes">): readonly string[] {
  const { added = [], removed = [] } = tag_changes ?? {};
  return [...new Set([...profile_tags, ...added])].filter((tag) => !removed.includes(tag)).sort();
}

/** The changes after another one. A tag that is added and removed at once is removed. */
export function changeTags(
  before: TagChanges | undefined,
  add: readonly string[],
  remove: readonly string[],
): TagChanges {
  const { added = [], removed = [] } = before ?? {};
  return {
    added: [...new Set([...added, ...add])].filter((tag) => !remove.includes(tag)).sort(),
    removed: [...new Set([...removed.filter((tag) => !add.includes(tag)), ...remove])].sort(),
  };
}
