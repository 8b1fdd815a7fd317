// Does with an agent's changes what a person has confirmed: commits them, pushes their branch, opens a pull request. Here git does what it always
// does, with the hooks and the login of the user.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
import { copyIndex } from "../worktrees/copy-index.ts";
import { createGit, type Git, withoutOuterRepository } from "../worktrees/git.ts";
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
  if (wish.seen !== state.seen[wish.act]) {
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

/** With an index of its own: that of the user stays as it is until the commit is made. */
async function commit(
  state: GitState,
  { message }: Extract<GitWish, { act: "commit" }>,
  env: Environment,
): Promise<GitDone> {
  const { root, branch, files, tree } = state;
  const git = createGit(root, env);
  const scratch = await mkdtemp(join(tmpdir(), "cliai-changes-"));
  try {
    const index = join(scratch, "index");
    const path = await git.run(["rev-parse", "--path-format=absolute", "--git-path", "index"]);
    await copyIndex(path.replace(/\r?\n$/, ""), index);
    const own = createGit(root, env, { GIT_INDEX_FILE: index });
    await own.run(["add", "--all"]);
    if ((await own.run(["write-tree"])).trim() !== tree) {
      throw new CliaiError("refused", "nothing was committed: what git has added is not what you have seen", {
        hint: "look at it again; if the repository has filters of its own, commit it yourself",
      });
    }
    await own.run(["commit", "--quiet", "--message", message], { withinMs: committedWithinMs });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const made = (await git.run(["rev-parse", "--short", "HEAD"])).trim();
  const others = await differences(git, state);
  // Whatever fails here: the commit is there, and git status says the rest.
  await git.ask(["read-tree", "--reset", "HEAD"]);
  await git.ask(["update-index", "-q", "--refresh"]);
  const count = files.length === 1 ? "1 file" : `${files.length} files`;
  const said = `committed ${count} as ${made}${branch === undefined ? "" : ` on ${branch}`}`;
  return { said: [said, ...others].join("; but ") };
}

/** In what the commit that was made is another one than the person has seen: hooks may change it, and the agent may be quick. */
async function differences(git: Git, { branch, head, tree }: GitState): Promise<string[]> {
  const ref = await git.ask(["symbolic-ref", "--quiet", "HEAD"]);
  const before = await git.ask(["rev-parse", "--quiet", "--verify", "HEAD^"]);
  const changed = await git.run([
    "diff-tree",
    "-r",
    "-z",
    "--name-only",
    "--no-renames",
    tree,
    "HEAD^{tree}",
  ]);
  const paths = changed.split("\0").filter((path) => path !== "");
  const names = paths.length > 5 ? `${paths.length} files` : paths.join(", ");
  const isOther = branch !== undefined && ref !== `refs/heads/${branch}`;
  return [
    ...(paths.length > 0 ? [`not as you have seen it: a hook has changed ${names}`] : []),
    ...(before === head ? [] : ["not upon the commit that you have seen"]),
    ...(isOther ? [`${ref ?? "no branch"} is checked out now`] : []),
  ];
}

/** Exactly the commit that was seen, to exactly that branch: no tags, nothing of submodules, whatever the settings say. */
async function push({ root, branch = "", head = "", remote }: GitState, env: Environment): Promise<GitDone> {
  const { name = "", urls = [] } = remote ?? {};
  const ref = `refs/heads/${branch}`;
  const git = createGit(root, env);
  await git.run(
    [
      ...["-c", "push.pushOption=", "push", "--quiet", "--no-follow-tags", "--recurse-submodules=no"],
      ...["--", name, `${head}:${ref}`],
    ],
    { withinMs: pushedWithinMs },
  );
  // As `push --set-upstream`, which wants a branch in place of the commit. Without it, the commits are there all the same.
  await git.ask(["config", `branch.${branch}.remote`, name]);
  await git.ask(["config", `branch.${branch}.merge`, ref]);
  return { said: `pushed ${branch} to ${name} (${urls.join(", ")})` };
}

async function openRequest(
  { root, branch = "", tool, into = "", repository = "" }: GitState,
  { title, body }: Extract<GitWish, { act: "pull_request" }>,
  env: Environment,
): Promise<GitDone> {
  const args: Record<RequestTool, string[]> = {
    gh: [
      ...["pr", "create", "--repo", repository, "--head", branch, "--base", into],
      ...["--title", title, "--body", body],
    ],
    glab: [
      ...["mr", "create", "--repo", `https://${repository}`, "--source-branch", branch],
      ...["--target-branch", into, "--title", title, "--description", body, "--yes"],
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
    return {
      said: `opened a request for ${branch} into ${into} of ${repository} by ${tool}`,
      ...(url === undefined ? {} : { url }),
    };
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
