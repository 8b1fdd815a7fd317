import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { readAgentFolders } from "../../src/data-dir/agent-folders.ts";
import { ada, bob } from "../support/agents.ts";
import { tempDir } from "../support/temp-dir.ts";

test("readAgentFolders() has the names that are ids of agents, and none without a folder", async () => {
  await using dir = await tempDir();
  expect(await readAgentFolders(dir.join("agents"))).toEqual([]);
  for (const name of ["ada", "bob", ".cache", "not an id", "-flag"])
    await mkdir(dir.join("agents", name), { recursive: true });
  expect((await readAgentFolders(dir.join("agents"))).toSorted()).toEqual([ada, bob]);
});
