// Looks at what could be committed, pushed and asked to be merged of an agent's changes.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseChangedFiles } from "../domain/changes/changed-file.ts";
import {
  type GitState,
  mostCommits,
  type RequestTool,
  requestTools,
  toolFor,
} from "../domain/changes/git-state.ts";
import { definedOf } from "../domain/defined.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { redact } from "../domain/text/redact.ts";
import { runProgram } from "../processes/run-program.ts";
import type { Environment } from "../runtime.ts";
import type { Git } from "../worktrees/git.ts";
import { findRoot } from "./find-root.ts";
import { listing, markFiles } from "./read-changes.ts";
import { takeSnapshot } from "./snapshot.ts";
import { findWorkPlace, type PlacedAgent } from "./work-dir.ts";

const foundWithinMs = 10_000;

/**
 * @throws CliaiError as `readChanges`; `refused` also for an agent that cliai has not launched, because then only the agent says where it works
 */
export async function readGitState(
  agent: PlacedAgent,
  { dataDir, env }: { readonly dataDir: string; readonly env: Environment },
): Promise<GitState> {
  const { agent_id } = agent;
  const { dir, isKnown } = await findWorkPlace(agent, dataDir);
  if (!isKnown) {
    throw new CliaiError(
      "refused",
      `cliai has not launched ${agent_id}, and only the agent says that it works in ${dir}`,
      {
        hint: `do it there: cd ${dir}`,
      },
    );
  }
  const scratch = await mkdtemp(join(tmpdir(), "cliai-changes-"));
  try {
    const root = await findRoot(agent_id, dir, env);
    const snapshot = await takeSnapshot(root, scratch, env);
    const { git, tree } = snapshot;
    const branch = await git.ask(["symbolic-ref", "--quiet", "--short", "HEAD"]);
    const head = await git.ask(["rev-parse", "--quiet", "--verify", "HEAD"]);
    const before = head ?? (await git.run(["mktree"])).trim();
    const files = markFiles(parseChangedFiles(await git.run([...listing, before, tree])), snapshot);
    const remote = branch === undefined ? undefined : await remoteOf(git, branch);
    const ahead = branch && head && remote ? await unpushedOf(git, `${remote.name}/${branch}`) : [];
    const installed = remote === undefined ? [] : await installedTools(root, env);
    return {
      ...{ agent_id, root, tree, files },
      ...definedOf({
        branch,
        head,
        remote: remote && { name: remote.name, url: redact(remote.url) },
        tool: remote && toolFor(remote.url, installed),
        into:
          remote &&
          (await git.ask(["symbolic-ref", "--quiet", "--short", `refs/remotes/${remote.name}/HEAD`]))?.slice(
            remote.name.length + 1,
          ),
      }),
      unpushed: ahead.slice(0, mostCommits),
      more_unpushed: Math.max(0, ahead.length - mostCommits),
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Where git would push the branch by itself; else `origin`, or the only remote that there is. */
async function remoteOf(git: Git, branch: string): Promise<{ name: string; url: string } | undefined> {
  const names = ((await git.ask(["remote"])) ?? "").split(/\r?\n/).filter((name) => name !== "");
  const settings = [`branch.${branch}.pushRemote`, "remote.pushDefault", `branch.${branch}.remote`];
  const wanted: (string | undefined)[] = [];
  for (const key of settings) wanted.push(await git.ask(["config", "--get", key]));
  const name =
    [...wanted, "origin"].find((each) => each !== undefined && names.includes(each)) ??
    (names.length === 1 ? names[0] : undefined);
  const url = name === undefined ? undefined : await git.ask(["remote", "get-url", "--push", name]);
  return name === undefined || url === undefined ? undefined : { name, url };
}

/** Verifies no signature: the repository's own settings name the program for it. */
const log = ["log", "--no-show-signature", "--format=%H %s"];

/** The commits of HEAD that the remote does not have, as far as this repository knows. */
async function unpushedOf(git: Git, branch: string): Promise<{ commit: string; subject: string }[]> {
  const known = await git.ask(["rev-parse", "--quiet", "--verify", `refs/remotes/${branch}`]);
  // A branch that is not there yet: all that no branch of the remote has.
  const without = known === undefined ? ["--not", `--remotes=${branch.split("/")[0]}`] : ["--not", known];
  const listed = await git.run([...log, "--max-count=1000", "HEAD", ...without]);
  const lines = listed.split("\n").filter((line) => line !== "");
  const found = lines.map((line) => ({
    commit: line.slice(0, line.indexOf(" ")),
    subject: line.slice(line.indexOf(" ") + 1),
  }));
  // A new branch without commits of its own can be pushed, too.
  if (found.length > 0 || known !== undefined) return found;
  const tip = await git.run([...log, "--max-count=1", "HEAD"]);
  return [{ commit: tip.slice(0, tip.indexOf(" ")), subject: tip.slice(tip.indexOf(" ") + 1).trimEnd() }];
}

async function installedTools(cwd: string, env: Environment): Promise<RequestTool[]> {
  const found = await Promise.all(
    requestTools.map(
      async (tool) =>
        (await runProgram([tool, "--version"], { cwd, env, withinMs: foundWithinMs })).code === 0,
    ),
  );
  return requestTools.filter((_, index) => found[index]);
}
