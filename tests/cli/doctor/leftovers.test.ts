import { expect, test } from "bun:test";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beginUnfinished } from "../../../src/backup/unfinished.ts";
import { checkLeftovers } from "../../../src/cli/doctor/leftovers.ts";
import { runProgram } from "../../../src/processes/run-program.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("checkLeftovers() finds what is left of a restore into the directory, and in it, but not of others and not of who is at work", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await mkdir(dataDir);
  const working = await beginUnfinished(dataDir, "restoring");
  const uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
  const left = [dir.join(`.data.restoring-${uuid}`), join(dataDir, `.before-layout-2.tar.saving-${uuid}`)];
  for (const path of [...left, dir.join(`.other.restoring-${uuid}`), working.path]) await writeFile(path, "");
  expect(await checkLeftovers(dataDir)).toMatchObject(
    left.map((path) => ({
      message: `${path} is what a killed cliai has left, with keys in it`,
      remedy: `rm -rf ${path} ${path}.held`,
    })),
  );
  await working.end();
});

test("the remedy of checkLeftovers() leaves nothing that it would find", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  const { path, end } = await beginUnfinished(dataDir, "restoring");
  await end();
  await mkdir(path);
  await writeFile(`${path}.held`, "");
  const [check] = await checkLeftovers(dataDir);
  const [program = "", ...words] = check?.remedy?.split(" ") ?? [];
  expect(program).toBe("rm");
  const removed = await runProgram([program, ...words], {
    cwd: dir.path,
    env: process.env,
    withinMs: 10_000,
  });
  expect(removed).toMatchObject({ code: 0 });
  expect([await checkLeftovers(dataDir), await readdir(dir.path)]).toEqual([[], []]);
});

test("checkLeftovers() looks beside what the directory leads to, and tells of a lock that it cannot read", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await mkdir(dir.join("disk", "real"), { recursive: true });
  await symlink(dir.join("disk", "real"), dataDir);
  const { path, end } = await beginUnfinished(dir.join("disk", "real"), "restoring");
  await end();
  await mkdir(path);
  await mkdir(`${path}.held`);
  const [check] = await checkLeftovers(dataDir);
  expect(check?.message).toBe(
    `${path} is what a killed cliai has left, with keys in it, or what the cliai of another user is at work on: its lock cannot be read`,
  );
});
