// Bundles: what a clean-up takes away, kept for 30 days as files from which git fetches.
import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureOwnDir } from "../data-dir/private-files.ts";
import type { WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import type { Environment } from "../runtime.ts";
import { copyIndex } from "./copy-index.ts";
import { type Git, longWithinMs } from "./git.ts";
import { gitIn, gitOf, otherRefs } from "./look.ts";
import { worktreesDirOf } from "./records.ts";

const keptMs = 30 * 86_400_000;
const argsAtOnce = 300;

export interface KeptBundle {
  readonly path: string;
  readonly bytes: number;
  /** When it is removed, RFC 3339. */
  readonly until: string;
}

function bundlesDirOf(dataDir: string): string {
  return join(worktreesDirOf(dataDir), "bundles");
}

/** Removes the bundles of which the 30 days are over, and lists the others. */
export async function readBundles(dataDir: string, now: Date): Promise<KeptBundle[]> {
  const dir = bundlesDirOf(dataDir);
  const names = await readdir(dir).catch((): string[] => []); // none was made yet
  const bundles: KeptBundle[] = [];
  for (const name of names.filter((each) => each.endsWith(".bundle")).sort()) {
    const path = join(dir, name);
    const stats = await lstat(path);
    const end = stats.mtimeMs + keptMs;
    if (end < now.getTime()) await rm(path, { force: true });
    else bundles.push({ path, bytes: stats.size, until: new Date(end).toISOString() });
  }
  return bundles;
}

export interface BundleOptions {
  readonly dataDir: string;
  readonly env: Environment;
  readonly now: Date;
  /** The branch that is deleted with the worktree; undefined if it stays. */
  readonly goes: string | undefined;
  /** Commits that nothing else will have: of those that stand for all of them, the newest. */
  readonly tips: readonly string[];
  /** Set if the files are lost, too: those that are ignored or hidden, which git does not add by itself. */
  readonly files?: { readonly ignored: readonly string[]; readonly hidden: readonly string[] } | undefined;
}

const names = {
  ...{ GIT_AUTHOR_NAME: "cliai", GIT_AUTHOR_EMAIL: "cliai@cliai.invalid" },
  ...{ GIT_COMMITTER_NAME: "cliai", GIT_COMMITTER_EMAIL: "cliai@cliai.invalid" },
};

/**
 * Writes a bundle with the commits, and with the files as commits. Resolves to its path; undefined if there is nothing to keep.
 * @throws CliaiError `failed` if git cannot; then nothing is kept, and nothing may be removed
 */
export async function keepBundle(
  record: WorktreeRecord,
  options: BundleOptions,
): Promise<string | undefined> {
  const { dataDir, env, now, goes, tips, files } = options;
  const git = gitOf(record, env);
  const place = `refs/cliai/kept/${record.agent_id}`;
  const refs: string[] = [];
  const name = async (word: string, commit: string) => {
    refs.push(`${place}/${word}`);
    await git.run(["update-ref", `${place}/${word}`, commit]);
  };
  try {
    for (let at = 0; at < tips.length; at += argsAtOnce) {
      const parents = tips.slice(at, at + argsAtOnce).flatMap((tip) => ["-p", tip]);
      const empty = (await git.run(["mktree"])).trim();
      const args = ["commit-tree", empty, ...parents, "-m", `commits of the worktree of ${record.agent_id}`];
      await name(
        `commits${at === 0 ? "" : at / argsAtOnce + 1}`,
        (await git.run(args, { more: names })).trim(),
      );
    }
    if (files !== undefined) {
      for (const [word, commit] of await snapshot(record, files, options)) await name(word, commit);
    }
    if (refs.length === 0) return undefined;
    const dir = bundlesDirOf(dataDir);
    await ensureOwnDir(dir);
    const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, "");
    const path = join(dir, `${record.agent_id}-${time}-${crypto.randomUUID().slice(0, 4)}.bundle`);
    const long = { withinMs: longWithinMs };
    const others = ["--exclude=refs/cliai/kept/*", ...otherRefs(goes)];
    await git.run(["bundle", "create", path, ...refs, "--not", ...others], long);
    await git.run(["bundle", "verify", path], long);
    await chmod(path, 0o600);
    return path;
  } finally {
    for (const ref of refs) await git.ask(["update-ref", "-d", ref]);
  }
}

/** The index, and all files as they are, each as a commit on the head. */
async function snapshot(
  record: WorktreeRecord,
  { ignored, hidden }: NonNullable<BundleOptions["files"]>,
  { env }: BundleOptions,
): Promise<[word: string, commit: string][]> {
  const git = gitIn(record, env);
  const head = await git.ask(["rev-parse", "--quiet", "--verify", "HEAD"]);
  const commit = async (tree: string, what: string) => {
    const args = ["commit-tree", tree.trim(), ...(head === undefined ? [] : ["-p", head])];
    return (
      await git.run([...args, "-m", `${what} of the worktree of ${record.agent_id}`], { more: names })
    ).trim();
  };
  const kept: [string, string][] = [];
  const index = await git.ask(["write-tree"]); // fails while a merge has conflicts: the files have them, too
  if (index !== undefined) kept.push(["index", await commit(index, "the index")]);
  const gitDir = (await git.run(["rev-parse", "--absolute-git-dir"])).trim();
  const copy = join(gitDir, "cliai-index");
  try {
    await copyIndex(join(gitDir, "index"), copy);
    const own = { more: { GIT_INDEX_FILE: copy }, withinMs: longWithinMs };
    await inPieces(git, ["update-index", "--no-assume-unchanged", "--no-skip-worktree", "--"], hidden, own);
    await git.run(["add", "--all", "."], own);
    await inPieces(git, ["add", "--force", "--"], ignored, own);
    kept.push(["files", await commit(await git.run(["write-tree"], own), "the files")]);
  } finally {
    await rm(copy, { force: true });
  }
  return kept;
}

async function inPieces(
  git: Git,
  args: readonly string[],
  paths: readonly string[],
  options: Parameters<Git["run"]>[1],
) {
  for (let at = 0; at < paths.length; at += argsAtOnce) {
    await git.run([...args, ...paths.slice(at, at + argsAtOnce)], options);
  }
}
