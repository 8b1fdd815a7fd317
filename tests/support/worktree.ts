// A worktree of a test's repository, made for the agent ada, looked at and cleaned up as `cliai worktrees clean` does it.
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { mayDiscard } from "../../src/domain/worktrees/keep-reasons.ts";
import type { WorktreeRecord } from "../../src/domain/worktrees/worktree-record.ts";
import type { WantedFile } from "../../src/worktrees/carry-files.ts";
import { lookAt } from "../../src/worktrees/look.ts";
import { makeWorktree, planWorktree } from "../../src/worktrees/make-worktree.ts";
import { readRepository } from "../../src/worktrees/read-repository.ts";
import { nameLost, removeWorktree } from "../../src/worktrees/remove-worktree.ts";
import type { TestRepository } from "./repository.ts";

const id = parseAgentId("ada");
export const now = () => new Date("2026-05-04T03:02:01Z");

export async function worktreeOf(repository: TestRepository, dataDir: string, files: WantedFile[] = []) {
  const { dir, env } = repository;
  const wish = {
    ...{
      id,
      project: dir,
      dataDir,
      files,
      branch: true as const,
      isNamed: false,
      dir: undefined,
      hasSetup: false,
    },
    repository: await readRepository(dir, { base: undefined, env }),
  };
  return await makeWorktree(wish, await planWorktree(wish), { now, note: () => undefined });
}

export async function clean(
  record: WorktreeRecord,
  { env }: TestRepository,
  dataDir: string,
  discards = false,
) {
  const look = async () => await lookAt(record, { env, isHeld: false });
  const first = await look();
  const { reasons } = first;
  if (reasons.length > 0 && !(discards && mayDiscard(reasons))) return { reasons };
  const named = await nameLost(first, env);
  return { reasons, named, removed: await removeWorktree(first, { dataDir, env, now: now(), look }) };
}
