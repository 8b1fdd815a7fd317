// This room decides about the agents' git worktrees: branch names, what git's output says, and why a worktree is kept. Pure.
//
// What cliai remembers of a worktree that it has made for an agent.
import * as v from "valibot";
import { AgentIdSchema } from "../wire/agent-id.ts";

export const WorktreeRecordSchema = v.looseObject({
  agent_id: AgentIdSchema,
  /** The directory for which the agent was launched. Absolute, as all paths here. */
  project: v.string(),
  /** The root of the files in that project; of a bare repository, the repository. */
  root: v.string(),
  /** The directory that git keeps the repository in, which all its worktrees share. */
  repository: v.string(),
  /** The root of the worktree. */
  path: v.string(),
  /** The agent's directory in the worktree, with `/`; "" for its root. */
  inside: v.string(),
  branch: v.string(),
  /** Whether the branch was made for this worktree. If not, it is never deleted. */
  made_branch: v.boolean(),
  /** The commit at which the branch began. */
  base: v.string(),
  /** The full name of the branch that it began at, such as `refs/heads/main`; absent for a commit without a branch. */
  base_ref: v.optional(v.string()),
  /** The files of `worktree_files` that were copied or linked in, relative to the root, with `/`. */
  files: v.array(v.object({ path: v.string(), as: v.picklist(["copy", "link"]), from: v.string() })),
  /** `pending` until the profile's `worktree_setup` has ended well. */
  setup: v.optional(v.picklist(["pending", "done"])),
  created_at: v.string(),
});
export type WorktreeRecord = v.InferOutput<typeof WorktreeRecordSchema>;
export type CarriedFile = WorktreeRecord["files"][number];
