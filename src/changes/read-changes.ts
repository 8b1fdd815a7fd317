// This room reads what agents have changed, by the user's own git, in the directories in which they work. It writes nothing there.
//
// Reads the changes of one agent: what is there now, beside what was there where its branch left.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ChangedFile,
  changedLines,
  countLines,
  parseChangedFiles,
} from "../domain/changes/changed-file.ts";
import {
  type ChangesAsk,
  type ChangesBase,
  type ChangesReport,
  type FileChanges,
  mostFiles,
  mostLinesAtOnce,
  mostLinesOfFile,
} from "../domain/changes/changes-report.ts";
import { definedOf } from "../domain/defined.ts";
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import type { Environment } from "../runtime.ts";
import type { Git } from "../worktrees/git.ts";
import { isWithin } from "../worktrees/records.ts";
import { type ChangesBounds, usualBounds } from "./bounds.ts";
import { findRoot } from "./find-root.ts";
import { readHunks } from "./read-hunks.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";
import { type KeptTurn, readTurns, turnObjects } from "./turn-store.ts";
import { findWorkPlace, type PlacedAgent } from "./work-dir.ts";

export interface ChangesOptions {
  readonly dataDir: string;
  readonly env: Environment;
  /** All agents, for those that work in the same files. */
  readonly agents: readonly PlacedAgent[];
  readonly bounds?: ChangesBounds;
}

/**
 * @throws CliaiError `refused` if the agent's directory is not on this machine, or in no repository; `usage` for a base or file that is not
 * there; `cli_missing`, `failed`, `no_answer` as git does
 */
export async function readChanges(
  agent: PlacedAgent,
  ask: ChangesAsk,
  { dataDir, env, agents, bounds = usualBounds }: ChangesOptions,
): Promise<ChangesReport> {
  const { agent_id } = agent;
  const { dir, worktree } = await findWorkPlace(agent, dataDir);
  const scratch = await mkdtemp(join(tmpdir(), "cliai-changes-"));
  try {
    const root = await findRoot(agent_id, dir, env);
    const turns = (await readTurns(dataDir, agent_id)).filter((turn) => turn.root === root);
    const more = { alternates: turnObjects(dataDir, agent_id, turns), bounds };
    const snapshot = await takeSnapshot(root, scratch, env, more);
    const { git } = snapshot;
    const turn = ask.turn === undefined ? undefined : findTurn(turns, ask);
    const base = turn?.base ?? (await findBase(git, { root, asked: ask.base, worktree }));
    const tree = turn?.tree ?? base.commit ?? (await git.run(["mktree"])).trim();
    const now = (ask.until_now === true ? undefined : turn?.until) ?? snapshot.tree;
    const found = parseChangedFiles(await git.run([...listing, tree, now]));
    // Of a turn that is over, nothing is known of files that git does not know.
    const all = markFiles(found, now === snapshot.tree ? snapshot : { ...snapshot, ...nothingMarked });
    const files = wantedFiles(all, ask);
    const branch = await git.ask(["symbolic-ref", "--quiet", "--short", "HEAD"]);
    return {
      ...{ agent_id, directory: dir, root, base },
      ...definedOf({ branch, head: await git.ask(["rev-parse", "--quiet", "--verify", "HEAD"]) }),
      files: await withLines(files, ask, (wanted) => readHunks(git, [tree, now], wanted, bounds)),
      more_files: all.length + snapshot.more - (ask.file === undefined ? files.length : all.length),
      ...countLines(all),
      shared_with: othersIn(root, agent_id, agents),
      turns: turns.map(({ since }) => since).toReversed(),
    };
  } catch (error) {
    throw namingGit(error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export const listing = [
  "diff-tree",
  "-r",
  "-z",
  "--raw",
  "--numstat",
  "-M",
  "-l1000",
  "--no-ext-diff",
  "--no-textconv",
];

const nothingMarked = { untracked: new Set<string>(), unmerged: new Set<string>(), leftOut: [], more: 0 };

/** The tree at the beginning of the turn, and at that of the next one. @throws CliaiError `usage` */
function findTurn(turns: readonly KeptTurn[], { turn: asked = "", base, until_now }: ChangesAsk) {
  if (base !== undefined) {
    throw new CliaiError("usage", `a turn and a base are asked for: "${asked}" and "${base}"`, {
      hint: "leave one of them out",
    });
  }
  const at = /^\d{1,4}$/.test(asked)
    ? turns.length - Number(asked)
    : turns.findIndex(({ since }) => since === asked);
  const [turn, next] = [turns[at], turns[at + 1]];
  if (turn === undefined) {
    throw new CliaiError("usage", `the beginning of the turn "${asked}" is not kept`, {
      hint:
        turns.length === 0
          ? "turns are kept while the server runs, from the next prompt on"
          : `1 is the last of ${turns.length} turns, 2 the one before`,
    });
  }
  const begun: ChangesBase = {
    name: turn.since,
    why: "turn",
    ...(next === undefined || until_now === true ? {} : { until: next.since }),
  };
  return { tree: turn.tree, until: next?.tree, base: begun };
}

interface BaseOptions {
  readonly root: string;
  readonly asked: string | undefined;
  readonly worktree: WorktreeRecord | undefined;
}

/** @throws CliaiError `usage` if there is no such commit */
async function findBase(git: Git, { root, asked, worktree }: BaseOptions): Promise<ChangesBase> {
  const commitOf = async (ref: string) =>
    ref.startsWith("-") ? undefined : await git.ask(["rev-parse", "--quiet", "--verify", `${ref}^{commit}`]);
  const head = await commitOf("HEAD");
  /** Where the work left it: what came to it since is not the agent's. */
  const leftAt = async (commit: string) =>
    (head !== undefined && (await git.ask(["merge-base", commit, head]))?.split("\n")[0]) || commit;
  if (asked !== undefined) {
    const commit = await commitOf(asked);
    if (commit !== undefined) return { name: asked, commit: await leftAt(commit), why: "asked" };
    throw new CliaiError("usage", `there is no commit "${asked}" in ${root}`, {
      hint: `see the branches there: git -C ${root} branch --all`,
    });
  }
  if (head === undefined) return { name: "HEAD", why: "no_commit" };
  if (worktree === undefined) return { name: "HEAD", commit: head, why: "last_commit" };
  const { base, base_ref } = worktree;
  const began = base_ref === undefined ? undefined : await commitOf(base_ref);
  const name = base_ref?.replace(/^refs\/(?:heads|remotes|tags)\//, "") ?? base.slice(0, 10);
  return { name, commit: await leftAt(began ?? base), why: "worktree" };
}

export function markFiles(
  files: readonly ChangedFile[],
  { untracked, unmerged, leftOut }: Snapshot,
): ChangedFile[] {
  const marked = files.map(
    (file): ChangedFile => ({
      ...file,
      ...(untracked.has(file.path) ? { is_untracked: true } : {}),
      ...(unmerged.has(file.path) ? { is_unmerged: true } : {}),
    }),
  );
  const others = leftOut.map(
    (file): ChangedFile => ({ ...file, state: file.is_untracked === true ? "added" : "modified", seen: "" }),
  );
  return [...marked.filter(({ path }) => !others.some((other) => other.path === path)), ...others].sort(
    (one, other) => (one.path < other.path ? -1 : 1),
  );
}

/** @throws CliaiError `usage` */
function wantedFiles(all: readonly ChangedFile[], { file, until_now }: ChangesAsk): readonly ChangedFile[] {
  if (file === undefined) return all.slice(0, mostFiles);
  if (until_now !== true) return [requireFile(all, file)];
  const found = all.find(({ path }) => path === file) ?? all.find(({ old_path }) => old_path === file);
  return found === undefined ? [] : [found];
}

/** @throws CliaiError `usage` */
function requireFile(files: readonly ChangedFile[], path: string): ChangedFile {
  const found = files.find((file) => file.path === path);
  if (found !== undefined) return found;
  throw new CliaiError("usage", `"${path}" has no change now`, {
    hint: "it may have been changed back; look at all changes again",
  });
}

/** Adds the lines of those files that are shown with them. */
async function withLines(
  files: readonly ChangedFile[],
  { lines, file: only }: ChangesAsk,
  read: (files: readonly ChangedFile[]) => ReturnType<typeof readHunks>,
): Promise<FileChanges[]> {
  if (lines === "none") return [...files];
  let shown = 0;
  const isLong = (file: ChangedFile) => {
    if (lines === "all" || only !== undefined) return false;
    if (changedLines(file) > mostLinesOfFile || shown > mostLinesAtOnce) return true;
    shown += changedLines(file);
    return false;
  };
  const long = new Set(files.filter(isLong));
  const found = await read(files.filter((file) => !long.has(file) && file.seen !== ""));
  return files.map((file): FileChanges => {
    if (long.has(file)) return { ...file, left_out: "long" };
    const hunks = found.get(file);
    if (hunks === undefined) return file;
    return hunks === "cut" ? { ...file, left_out: "cut" } : { ...file, hunks };
  });
}

function othersIn(root: string, id: AgentId, agents: readonly PlacedAgent[]): AgentId[] {
  return agents
    .filter(({ agent_id, project_path }) => agent_id !== id && isWithin(root, project_path))
    .map(({ agent_id }) => agent_id);
}

/** `createGit` says what a worktree needs git for. */
function namingGit(error: unknown): unknown {
  if (!(error instanceof CliaiError) || error.code !== "cli_missing") return error;
  return new CliaiError("cli_missing", "git is not on PATH, and changes are read by it", {
    hint: "install git",
    cause: error,
  });
}
