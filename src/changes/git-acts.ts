// Does with an agent's changes what a person has confirmed: commits them, pushes their branch, opens a pull request. Here git does what it always
// does, with the hooks and the login of the user.
import {
  type GitDone,
  type GitState,
  type GitWish,
  type RequestTool,
  whyNot,
} from "../domain/changes/git-state.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { redact } from "../domain/text/redact.ts";
import { beginningOf } from "../domain/text/summary.ts";
import { runProgram } from "../processes/run-program.ts";
import type { Environment } from "../runtime.ts";
import { createGit, withoutOuterRepository } from "../worktrees/git.ts";
import { readGitState } from "./git-state.ts";
import type { PlacedAgent } from "./work-dir.ts";

/** Hooks may run tests. */
const committedWithinMs = 5 * 60_000;
const pushedWithinMs = 2 * 60_000;
const askedWithinMs = 60_000;

/**
 * @param record called when it is sure what is done, before it is done
 * @throws CliaiError `refused` if it cannot be done, or something has changed since the person looked; `failed` with git's own words
 */
export async function actOnChanges(
  agent: PlacedAgent,
  wish: GitWish,
  { dataDir, env, record }: { dataDir: string; env: Environment; record: (state: GitState) => Promise<void> },
): Promise<GitDone> {
  const state = await readGitState(agent, { dataDir, env });
  const why = whyNot(wish.act, state);
  if (why !== undefined)
    throw new CliaiError("refused", `nothing was done: ${why}`, { hint: "look at it again" });
  const isSeen = wish.act === "commit" ? wish.tree === state.tree : wish.head === state.head;
  if (!isSeen) {
    throw new CliaiError(
      "refused",
      `nothing was done: ${agent.agent_id} has changed something since you looked`,
      {
        hint: "look at it again, and confirm what is there now",
      },
    );
  }
  await record(state);
  if (wish.act === "commit") return await commit(state, wish, env);
  return wish.act === "push" ? await push(state, env) : await openRequest(state, wish, env);
}

async function commit(
  { root, branch, files, tree }: GitState,
  { message }: Extract<GitWish, { act: "commit" }>,
  env: Environment,
): Promise<GitDone> {
  const git = createGit(root, env);
  await git.run(["add", "--all"]);
  if ((await git.run(["write-tree"])).trim() !== tree) {
    throw new CliaiError("refused", "nothing was committed: what git has added is not what you have seen", {
      hint: "look at it again; if the repository has filters of its own, commit it yourself",
    });
  }
  await git.run(["commit", "--quiet", "--message", message], { withinMs: committedWithinMs });
  const made = (await git.run(["rev-parse", "--short", "HEAD"])).trim();
  const count = files.length === 1 ? "1 file" : `${files.length} files`;
  return { said: `committed ${count} as ${made}${branch === undefined ? "" : ` on ${branch}`}` };
}

async function push({ root, branch = "", remote }: GitState, env: Environment): Promise<GitDone> {
  const { name = "" } = remote ?? {};
  const ref = `refs/heads/${branch}`;
  await createGit(root, env).run(["push", "--quiet", "--set-upstream", name, `${ref}:${ref}`], {
    withinMs: pushedWithinMs,
  });
  return { said: `pushed ${branch} to ${name}` };
}

async function openRequest(
  { root, branch = "", tool, into }: GitState,
  { title, body }: Extract<GitWish, { act: "pull_request" }>,
  env: Environment,
): Promise<GitDone> {
  const args: Record<RequestTool, string[]> = {
    gh: [
      "pr",
      "create",
      "--head",
      branch,
      "--title",
      title,
      "--body",
      body,
      ...(into ? ["--base", into] : []),
    ],
    glab: [
      "mr",
      "create",
      "--source-branch",
      branch,
      "--title",
      title,
      "--description",
      body,
      "--yes",
      ...(into ? ["--target-branch", into] : []),
    ],
  };
  if (tool === undefined)
    throw new CliaiError("refused", "neither gh nor glab is installed", { hint: "install one" });
  const { code, stdout, stderr, why } = await runProgram([tool, ...args[tool]], {
    cwd: root,
    env: { ...withoutOuterRepository(env), GH_PROMPT_DISABLED: "1", NO_COLOR: "1", GIT_TERMINAL_PROMPT: "0" },
    withinMs: askedWithinMs,
  });
  const url = stdout.match(/https?:\/\/\S+/g)?.at(-1);
  if (code === 0)
    return { said: `opened a request for ${branch} by ${tool}`, ...(url === undefined ? {} : { url }) };
  if (why === "late")
    throw new CliaiError("no_answer", `${tool} did not answer within a minute`, {
      hint: `try it there: cd ${root}`,
    });
  const words =
    stderr
      .trim()
      .split("\n")
      .find((line) => line.trim() !== "") ?? `exit code ${code}`;
  throw new CliaiError("failed", `${tool} opened no request: ${beginningOf(redact(words), 300)}`, {
    hint: `see what it needs, such as a login: cd ${root} && ${tool} auth status`,
  });
}
