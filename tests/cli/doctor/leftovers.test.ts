import { expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beginUnfinished } from "../../../src/backup/unfinished.ts";
import { checkLeftovers } from "../../../src/cli/doctor/leftovers.ts";
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
      remedy: `rm -r ${path}`,
    })),
  );
  await working.end();
});
