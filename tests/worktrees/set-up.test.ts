// The set-up command of a new worktree: what each of its runs has said is kept.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { setupLogOf } from "../../src/worktrees/records.ts";
import { setUpWorktree } from "../../src/worktrees/set-up.ts";
import { failureOf } from "../support/error-of.ts";
import { createRepository } from "../support/repository.ts";
import { tempDir } from "../support/temp-dir.ts";
import { worktreeOf } from "../support/worktree.ts";

test("a set-up that is run again adds its output to that of the run before", async () => {
  await using home = await tempDir();
  const repository = createRepository(home.path);
  repository.commit("first");
  const dataDir = home.join("data");
  const record = await worktreeOf(repository, dataDir);
  const run = (script: string) =>
    setUpWorktree(record, {
      command: ["sh", "-c", script],
      ...{ env: repository.env, dataDir, signal: new AbortController().signal },
    });
  expect((await failureOf(run("echo no network; exit 3"))).message).toEndWith("exit code 3: no network");
  expect(await run("echo all is there")).toMatchObject({ setup: "done" });
  expect(readFileSync(setupLogOf(dataDir, record), "utf8")).toBe(
    "no network\n\n--- once more ---\nall is there\n",
  );
});
