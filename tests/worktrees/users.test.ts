// Who works in a worktree, and that an agent and a clean-up never pass each other by.
import { expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { takeAgentLock } from "../../src/data-dir/agent-lock.ts";
import { reduceAgent } from "../../src/domain/fleet/reduce-agent.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { withWorktrees } from "../../src/worktrees/records.ts";
import { settleIn, usersOf } from "../../src/worktrees/users.ts";
import { failureOf } from "../support/error-of.ts";
import { createRepository } from "../support/repository.ts";
import { tempDir } from "../support/temp-dir.ts";
import { staysPending } from "../support/wait-for.ts";
import { now, worktreeOf } from "../support/worktree.ts";

const bob = parseAgentId("bob");

test("another agent that was launched in the worktree uses it for as long as it runs, and no longer", async () => {
  await using home = await tempDir();
  const repository = createRepository(home.path);
  repository.commit("first");
  const dataDir = home.join("data");
  const record = await worktreeOf(repository, dataDir);
  const dir = join(record.path, "packages");
  mkdirSync(dir);
  const lock = await takeAgentLock(dataDir, bob);
  try {
    await settleIn(dir, { id: bob, dataDir });
    expect(await usersOf(record, dataDir)).toEqual({ isHeld: false, users: [bob] });
    await settleIn(repository.dir, { id: bob, dataDir });
    expect(await usersOf(record, dataDir)).toEqual({ isHeld: false, users: [] });
    await settleIn(dir, { id: bob, dataDir });
  } finally {
    lock.release();
  }
  expect(await usersOf(record, dataDir)).toEqual({ isHeld: false, users: [] });
});

test("of an agent that a host of an earlier release runs, its directory is the one that serve last knew", async () => {
  await using home = await tempDir();
  const repository = createRepository(home.path);
  repository.commit("first");
  const dataDir = home.join("data");
  const record = await worktreeOf(repository, dataDir);
  const message = { project_path: record.path };
  const agent = reduceAgent(undefined, { type: "heartbeat", id: bob, at: now().toISOString(), message });
  await writeFile(home.join("data", "fleet.json"), JSON.stringify({ agents: [agent] }));
  expect((await usersOf(record, dataDir)).users).toEqual([]);
  const lock = await takeAgentLock(dataDir, bob);
  expect((await usersOf(record, dataDir)).users).toEqual([bob]);
  lock.release();
});

test("an agent that starts in a worktree waits for a clean-up, and is refused if that has removed it", async () => {
  await using home = await tempDir();
  const repository = createRepository(home.path);
  repository.commit("first");
  const dataDir = home.join("data");
  const { path } = await worktreeOf(repository, dataDir);
  let settled: Promise<unknown> | undefined;
  await withWorktrees(dataDir, async () => {
    settled = failureOf(
      takeAgentLock(dataDir, bob).then(async (lock) => {
        try {
          await settleIn(path, { id: bob, dataDir });
        } finally {
          lock.release();
        }
      }),
    );
    await staysPending(settled, { what: "it waits", because: "it needs some milliseconds without the lock" });
    // What a clean-up does, while it holds the worktrees.
    rmSync(path, { recursive: true });
  });
  expect(await settled).toMatchObject({
    code: "refused",
    message: `${path} is not there any more, and bob cannot work in it`,
  });
});
