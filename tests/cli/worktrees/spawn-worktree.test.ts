// An agent that is started again in its worktree: not in one that a clean-up has just removed.
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { placeInWorktree, wantedWorktree } from "../../../src/cli/worktrees/spawn-worktree.ts";
import { readWorkDir, takeAgentLock } from "../../../src/data-dir/agent-lock.ts";
import { createProfileSet } from "../../../src/profiles/profile-set.ts";
import { removeRecord, withWorktrees } from "../../../src/worktrees/records.ts";
import { testContext } from "../../support/cli-context.ts";
import { failureOf } from "../../support/error-of.ts";
import { createRepository } from "../../support/repository.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { staysPending } from "../../support/wait-for.ts";
import { worktreeOf } from "../../support/worktree.ts";

test("placeInWorktree() waits for a clean-up, and refuses the agent's own worktree if that has removed it", async () => {
  await using home = await tempDir();
  const repository = createRepository(home.path);
  repository.commit("first");
  const dataDir = home.join("data");
  const record = await worktreeOf(repository, dataDir);
  const { agent_id: id, path: project } = record;
  const { env } = repository;
  const found = createProfileSet([]).find(undefined);
  const wanted = await wantedWorktree({ id, worktree: undefined, base: undefined }, found, {
    project,
    dataDir,
    env,
  });
  if (wanted === undefined) throw new Error("it wants none");
  const options = { id, dataDir, env, isDry: false, context: testContext({ cwd: home.path }) };
  const lock = await takeAgentLock(dataDir, id);
  expect(await placeInWorktree(wanted, options)).toEqual({ dir: project, branch: "cliai/ada" });
  expect(await readWorkDir(dataDir, id)).toBe(project);
  let ended: Promise<unknown> = Promise.resolve();
  await withWorktrees(dataDir, async () => {
    ended = failureOf(placeInWorktree(wanted, options));
    await staysPending(ended, { what: "it waits", because: "it needs some milliseconds without the lock" });
    rmSync(project, { recursive: true });
    await removeRecord(dataDir, record);
  });
  expect(await ended).toMatchObject({ code: "refused" });
  lock.release();
});
