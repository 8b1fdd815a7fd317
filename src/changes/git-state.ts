// Looks at what could be committed, pushed and asked to be merged of an agent's changes.
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseChangedFiles } from "../domain/changes/changed-file.ts";
import {
  type GitState,
  mostCommits,
  type RequestTool,
  repositoryAt,
  requestTools,
  toolFor,
} from "../domain/changes/git-state.ts";
import { definedOf } from "../domain/defined.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { redact } from "../domain/text/redact.ts";
import { runProgram } from "../processes/run-program.ts";
import type { Environment } from "../runtime.ts";
import { findRoot } from "./find-root.ts";
import { intoOf, remoteOf, unpushedOf } from "./git-remote.ts";
import { listing, markFiles } from "./read-changes.ts";
import { takeSnapshot } from "./snapshot.ts";
import { findWorkPlace, type PlacedAgent } from "./work-dir.ts";

const foundWithinMs = 10_000;
const branches = "refs/heads/";

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
    // In full: git gives a short name only as long as no tag has it, too.
    const ref = await git.ask(["symbolic-ref", "--quiet", "HEAD"]);
    const branch = ref?.startsWith(branches) === true ? ref.slice(branches.length) : undefined;
    const head = await git.ask(["rev-parse", "--quiet", "--verify", "HEAD"]);
    const before = head ?? (await git.run(["mktree"])).trim();
    const files = markFiles(parseChangedFiles(await git.run([...listing, before, tree])), snapshot);
    const isMerging = (await git.ask(["rev-parse", "--quiet", "--verify", "MERGE_HEAD"])) !== undefined;
    const remote = branch === undefined ? undefined : await remoteOf(git, branch);
    const ahead = branch && head && remote ? await unpushedOf(git, remote, { branch, head }) : [];
    const [url = ""] = remote?.urls ?? [];
    const tool = remote && toolFor(url, await installedTools(root, env));
    const into = remote && (await intoOf(git, remote));
    const repository = remote && repositoryAt(url);
    const target = [root, ref, head, remote?.name, ...(remote?.urls ?? [])];
    return {
      ...{ agent_id, root, tree, files, more_files: snapshot.more, is_merging: isMerging },
      ...definedOf({ branch, head, tool, into, repository }),
      ...(remote && { remote: { name: remote.name, urls: remote.urls.map(redact) } }),
      unpushed: ahead.slice(0, mostCommits),
      more_unpushed: Math.max(0, ahead.length - mostCommits),
      seen: {
        commit: hashOf("commit", root, ref, head, tree),
        push: hashOf("push", ...target),
        pull_request: hashOf("pull_request", tool, repository, into, ...target),
      },
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Names what an act would do, all of it, so that nothing else is done once a person has seen it. */
function hashOf(...parts: readonly (string | undefined)[]): string {
  const text = JSON.stringify(parts.map((part) => part ?? null));
  return createHash("sha256").update(text).digest("hex");
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
