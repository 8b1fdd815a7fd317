// `cliai worktrees` and its `clean` where one worktree cannot be read: the others are listed and cleaned up all the same.
import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { worktreesCommand } from "../../../src/cli/worktrees/worktrees.ts";
import { takeAgentLock } from "../../../src/data-dir/agent-lock.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { settleIn } from "../../../src/worktrees/users.ts";
import { testContext } from "../../support/cli-context.ts";
import { createRepository } from "../../support/repository.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { worktreeOf } from "../../support/worktree.ts";

test("a worktree that git cannot read is named in its row, and kept; the others are cleaned up", async () => {
  await using home = await tempDir();
  const dataDir = home.join("data");
  const [first, second] = [createRepository(home.path, "one"), createRepository(home.path, "two")];
  first.commit("first");
  second.commit("first");
  const broken = await worktreeOf(first, dataDir);
  const whole = await worktreeOf(second, dataDir);
  writeFileSync(join(first.dir, ".git/worktrees/ada/index"), "no index");
  const run = async (...args: string[]) => {
    const context = testContext({ cwd: home.path, env: first.env });
    const code = await worktreesCommand.run([...args, "--data-dir", dataDir], context);
    return { code, lines: context.printed };
  };
  const listed = await run();
  expect(listed.code).toBe(0);
  expect(listed.lines).toHaveLength(3);
  expect(listed.lines.find((line) => line.includes(broken.path))).toMatch(
    /\(git status in .* failed: .*index/,
  );
  const bob = parseAgentId("bob");
  const lock = await takeAgentLock(dataDir, bob);
  try {
    await settleIn(whole.path, { id: bob, dataDir });
    expect((await run("clean")).lines).toContain(`ada: kept ${whole.path}: the agent bob runs in it`);
  } finally {
    lock.release();
  }
  const cleaned = await run("clean");
  expect(cleaned.lines.join("\n")).toContain(`ada: kept ${broken.path}: git status in`);
  expect(cleaned.lines.join("\n")).toContain(`ada: removed ${whole.path}`);
  expect([broken.path, whole.path].map((path) => existsSync(path))).toEqual([true, false]);
});
