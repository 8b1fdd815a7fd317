// Git that only looks: it runs no hook, filter or monitor that the repository itself names, because an agent may have written its settings.
// The user's own filters, of the settings outside of the repository, such as those of Git LFS, count.
import { devNull } from "node:os";
import type { Environment } from "../runtime.ts";
import { createGit, type Git } from "../worktrees/git.ts";

const settings: readonly (readonly [string, string])[] = [
  ["core.fsmonitor", "false"],
  ["core.hooksPath", devNull],
  ["core.untrackedCache", "false"],
  ["core.splitIndex", "false"],
  ["core.quotePath", "false"],
  ["core.safecrlf", "false"], // else git refuses what it would only warn of
  ["diff.suppressBlankEmpty", "false"],
  ["log.showSignature", "false"], // else git runs gpg.program
  ["submodule.recurse", "false"],
];

/** @param more variables for each call @throws CliaiError `failed`, `no_answer`, `cli_missing` */
export async function createLookingGit(dir: string, env: Environment, more: Environment = {}): Promise<Git> {
  // What is missing in a partial clone is not fetched: that would run the program which the settings name for it.
  const offline = { ...more, GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "none" };
  const first = createGit(dir, env, { ...offline, ...settingsAsVariables(settings) });
  const listed = await first.ask([
    ...["config", "--includes", "--show-scope", "--name-only", "-z"],
    ...["--get-regexp", "^filter\\."],
  ]);
  const off = filtersOfRepository(listed ?? "").flatMap((name): [string, string][] => [
    [`filter.${name}.process`, ""],
    [`filter.${name}.clean`, ""],
    [`filter.${name}.required`, "false"],
  ]);
  return createGit(dir, env, { ...offline, ...settingsAsVariables([...settings, ...off]) });
}

/** The filters of which any setting is the repository's. @param listed pairs of scope and name, each followed by a NUL */
export function filtersOfRepository(listed: string): string[] {
  const fields = listed.split("\0");
  const names = new Set<string>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, name] = /^filter\.(.*)\.[^.]*$/s.exec(fields[at + 1] ?? "") ?? [];
    if (name !== undefined && !/^(?:system|global)$/.test(fields[at] ?? "")) names.add(name);
  }
  return [...names];
}

/** As `git -c`, but without a limit on what stands in a name. */
function settingsAsVariables(list: readonly (readonly [string, string])[]): Environment {
  const pairs = list.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { ...Object.fromEntries(pairs), GIT_CONFIG_COUNT: String(list.length) };
}
