// The worktree of an agent that `cliai spawn` launches: whether it gets one, making it or taking it up again, and setting it up.
import { dirname, resolve } from "node:path";
import process from "node:process";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { WorktreeRecord } from "../../domain/worktrees/worktree-record.ts";
import type { Profile } from "../../profiles/profile.ts";
import type { FoundProfile } from "../../profiles/profile-set.ts";
import type { Environment } from "../../runtime.ts";
import type { WantedFile } from "../../worktrees/carry-files.ts";
import { withoutOuterRepository } from "../../worktrees/git.ts";
import {
  makeWorktree,
  planWorktree,
  requireAgentDir,
  type WorktreeWish,
} from "../../worktrees/make-worktree.ts";
import { type Repository, readRepository } from "../../worktrees/read-repository.ts";
import { recordAt, setupLogOf, withWorktrees, writeRecord } from "../../worktrees/records.ts";
import { setUpWorktree } from "../../worktrees/set-up.ts";
import { settleIn } from "../../worktrees/users.ts";
import type { CliContext } from "../frame/context.ts";
import type { SpawnArgs } from "../spawn/spawn-args.ts";

/** What is known of the worktree before the agent's id is. */
export interface WantedWorktree {
  readonly found: FoundProfile;
  readonly project: string;
  /** The branch; "" or `true` if none is named. */
  readonly branch: string | true;
  readonly isNamed: boolean;
  /** The agent's own worktree, if the project is in it: it is started again there. */
  readonly own: WorktreeRecord | undefined;
  readonly repository: Repository | undefined;
}

/**
 * Undefined if the agent gets no worktree. Makes nothing.
 * @throws CliaiError `refused` if the project can have none; `usage`
 */
export async function wantedWorktree(
  { worktree, base, id }: Pick<SpawnArgs, "worktree" | "base" | "id">,
  found: FoundProfile,
  {
    project,
    dataDir,
    env,
  }: { readonly project: string; readonly dataDir: string; readonly env: Environment },
): Promise<WantedWorktree | undefined> {
  const branch = worktree ?? found.profile.worktree ?? false;
  const at = await recordAt(dataDir, project);
  const own = at?.agent_id === id ? at : undefined;
  if (branch === false && base !== undefined) {
    throw new CliaiError("usage", "--base is given without --worktree", { hint: "add --worktree" });
  }
  if (branch === false && own === undefined) return undefined;
  const { worktree_base } = found.profile;
  const wantedBase =
    base === undefined ? ({ base: worktree_base, baseFrom: "worktree_base" } as const) : { base };
  const repository = own === undefined ? await readRepository(project, { ...wantedBase, env }) : undefined;
  const isNamed = worktree !== undefined && worktree !== "";
  return { found, project, branch: branch === false ? true : branch, isNamed, own, repository };
}

/** Where an agent works. */
export interface PlaceInWorktree {
  readonly dir: string;
  /** The branch that its worktree was made on. */
  readonly branch: string;
}

export interface PlaceOptions {
  readonly id: AgentId;
  readonly dataDir: string;
  /** The environment of the agent's CLI. */
  readonly env: Environment;
  /** Whether nothing is made. */
  readonly isDry: boolean;
  readonly context: Pick<CliContext, "note" | "now" | "cwd">;
}

/**
 * Makes the worktree, or takes up the one that the agent has, and sets it up if that has not been done. The caller holds the agent's lock.
 * @throws CliaiError `refused`, `failed`, `interrupted`
 */
export async function placeInWorktree(
  wanted: WantedWorktree,
  options: PlaceOptions,
): Promise<PlaceInWorktree | undefined> {
  const { id, dataDir, isDry, context } = options;
  const { own, repository, project } = wanted;
  if (own !== undefined) {
    if (!isDry) {
      await settleIn(project, { id, dataDir });
      await setUp(own, wanted.found.profile, options);
    }
    return { dir: project, branch: own.branch };
  }
  if (repository === undefined) return undefined;
  const { profile } = wanted.found;
  const wish: WorktreeWish = {
    ...{ id, project, repository, dataDir, branch: wanted.branch, isNamed: wanted.isNamed },
    dir: dirOf(wanted.found, context.cwd),
    files: filesOf(profile),
    hasSetup: profile.worktree_setup !== undefined,
  };
  const record = await withWorktrees(dataDir, async () => {
    const plan = await planWorktree(wish);
    if (plan.existing !== undefined) {
      context.note(`${id} works in its worktree ${plan.path}, made on the branch ${plan.branch}`);
      return plan.existing;
    }
    const what = plan.makesBranch
      ? `the new branch ${plan.branch}, from ${nameOf(repository)}`
      : `the branch ${plan.branch}`;
    context.note(`${isDry ? "would make" : "making"} the worktree ${plan.path} on ${what}`);
    if (isDry) return { dir: plan.path, branch: plan.branch };
    for (const line of notesOn(repository)) context.note(line);
    return await makeWorktree(wish, plan, context);
  });
  if (!("agent_id" in record)) return record;
  const dir = await requireAgentDir(record, options.env);
  if (!isDry) await setUp(record, profile, options);
  return { dir, branch: record.branch };
}

/** Without the variables of a git around us, because the agent's git would then work in that one's repository. */
export function worktreeEnvironment(env: Environment): Environment {
  return withoutOuterRepository(env);
}

/** What a new worktree does not have. */
function notesOn({ hasSubmodules, keepsPointers }: Repository): string[] {
  const notes: string[] = [];
  if (hasSubmodules)
    notes.push(
      "the submodules of a new worktree are empty; to fill them, name git submodule update --init in worktree_setup",
    );
  if (keepsPointers)
    notes.push("its files in Git LFS are pointers, because git lfs install was not run for the repository");
  return notes;
}

function nameOf({ base, baseRef }: Repository): string {
  const short = base.slice(0, 10);
  return baseRef === undefined
    ? `the commit ${short}`
    : `${baseRef.replace(/^refs\/(?:heads|remotes)\//, "")} (${short})`;
}

/** Relative to the file that names it. */
function dirOf({ profile, origins }: FoundProfile, cwd: string): string | undefined {
  if (profile.worktree_dir === undefined) return undefined;
  const file = origins.get("worktree_dir");
  return resolve(file === undefined ? cwd : dirname(file), profile.worktree_dir);
}

function filesOf({ worktree_files: files = [] }: Profile): WantedFile[] {
  const pathOf = (path: string) => path.replace(/\/+$/, "");
  return files.map((file) =>
    typeof file === "string" ? { path: pathOf(file), as: "copy" } : { path: pathOf(file.link), as: "link" },
  );
}

async function setUp(
  record: WorktreeRecord,
  { worktree_setup: command }: Profile,
  options: PlaceOptions,
): Promise<void> {
  if (record.setup !== "pending") return;
  const { dataDir, context, env } = options;
  if (command === undefined) {
    await writeRecord(dataDir, { ...record, setup: "done" }); // the profile asks for none any more
    return;
  }
  context.note(`setting it up: ${command.join(" ")} (output: ${setupLogOf(dataDir, record)})`);
  const ending = new AbortController();
  const end = () => ending.abort();
  process.once("SIGINT", end).once("SIGTERM", end).once("SIGHUP", end);
  try {
    await setUpWorktree(record, { command, dataDir, env: worktreeEnvironment(env), signal: ending.signal });
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end).off("SIGHUP", end);
  }
}
