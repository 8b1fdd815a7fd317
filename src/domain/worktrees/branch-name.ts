// Names the branch of an agent's worktree, and the worktree's directory.
import type { AgentId } from "../wire/agent-id.ts";

/** The branch if neither the flag nor the profile names one. `{id}` stands for the agent's id. */
const standardBranch = "cliai/{id}";

/** @param wanted the flag's value, or the profile's; `true` and "" name no branch */
export function branchFor(wanted: string | true, id: AgentId): string {
  const template = wanted === true || wanted === "" ? standardBranch : wanted;
  return template.replaceAll("{id}", id);
}

/** An existing branch that keeps the new one from being made: git keeps no branch `a` beside a branch `a/b`. */
export function branchInTheWay(branch: string, existing: readonly string[]): string | undefined {
  return existing.find((other) => other.startsWith(`${branch}/`) || branch.startsWith(`${other}/`));
}

/**
 * The name of the directory for the worktrees of a repository, which stands beside it.
 * @param root the directory with the repository's files, or a bare repository; separated by `/` or `\`
 */
export function worktreesNameOf(root: string): string {
  const name = root.split(/[/\\]/).findLast((part) => part !== "") ?? "";
  return `${name.replace(/(?<=.)\.git$/, "")}.worktrees`;
}
