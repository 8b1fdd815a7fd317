// Finds the root of the repository in which an agent works.
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Environment } from "../runtime.ts";
import { isWithin } from "../worktrees/records.ts";
import { createLookingGit } from "./looking-git.ts";

/** @throws CliaiError `refused` */
export async function findRoot(id: AgentId, dir: string, env: Environment): Promise<string> {
  const git = await createLookingGit(dir, env);
  const found = (await git.ask(["rev-parse", "--show-toplevel"])) || undefined;
  if (found === undefined) {
    const problem = await git.run(["rev-parse", "--git-dir"]).then(
      () => "",
      (error: Error) => error.message,
    );
    // Git does not read a repository of another user, and says what to do about it.
    if (/dubious ownership/.test(problem)) {
      throw new CliaiError("refused", `git does not trust the repository at ${dir}: it is another user's`, {
        hint: `if you trust it: git config --global --add safe.directory ${dir}`,
      });
    }
    throw new CliaiError("refused", `${dir}, where ${id} works, is in no git repository`, {
      hint: `cliai reads changes from git: git -C ${dir} init`,
    });
  }
  const root = resolve(found);
  // The repository's settings may name any directory for its files (core.worktree), also one that is a repository of its own.
  const [here, there, real] = await Promise.all([
    git.ask(["rev-parse", "--absolute-git-dir"]),
    git.ask(["-C", root, "rev-parse", "--absolute-git-dir"]),
    realpath(dir).catch(() => dir),
  ]);
  if (here !== undefined && here === there && isWithin(root, real)) return root;
  throw new CliaiError(
    "refused",
    `the repository at ${dir} names ${root} for its files, which is not its own`,
    {
      hint: `see where it says so: git -C ${dir} config --show-origin core.worktree`,
    },
  );
}
