import { expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { readSlowestFiles } from "../../.ci/slowest-files.ts";
import { startChild } from "../support/child.ts";
import { tempDir } from "../support/temp-dir.ts";

test("readSlowestFiles(): of a real report of bun test, the slowest files first, and as many as are asked for", async () => {
  await using dir = await tempDir();
  const wait = (ms: number) => `await new Promise((resolve) => setTimeout(resolve, ${ms}));`;
  const source = (ms: number) =>
    `import { describe, test } from "bun:test"; describe("a", () => { test("b", async () => { ${wait(ms)} }); });`;
  for (const [name, ms] of Object.entries({ quick: 1, slow: 300, slower: 600 }))
    await writeFile(dir.join(`${name}.test.ts`), source(ms));
  const report = dir.join("report.xml");
  const args = ["test", "--reporter=junit", `--reporter-outfile=${report}`, "."];
  await using run = await startChild(process.execPath, args, {
    cwd: dir.path,
    env: { PATH: process.env.PATH },
  });
  expect((await run.exit()).code).toBe(0);
  const slowest = readSlowestFiles(await readFile(report, "utf8"), 2);
  expect(slowest.map(({ file }) => file)).toEqual(["slower.test.ts", "slow.test.ts"]);
  expect(slowest[0]?.seconds).toBeWithin(0.6, 20);
});
