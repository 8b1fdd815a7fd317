import { describe, expect, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { beginUnfinished, findAbandoned, takeAbandoned } from "../../src/backup/unfinished.ts";
import { isUnfinished, isUnfinishedOf } from "../../src/data-dir/contents.ts";
import { tempDir } from "../support/temp-dir.ts";

const uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";

describe("takeAbandoned()", () => {
  test("takes what has no living owner, once, and nothing that somebody is at work on", async () => {
    await using dir = await tempDir();
    const mine = await beginUnfinished(dir.join("backup.tar"), "saving");
    await writeFile(mine.path, "");
    const left = [`.data.restoring-${uuid}`, `.x.tar.saving-${uuid}`];
    for (const name of [...left, `.${uuid}`, "data", `.data.resting-${uuid}`])
      await writeFile(dir.join(name), "");
    expect(await findAbandoned(dir.path)).toEqual(left.map((name) => dir.join(name)));
    const taken = await takeAbandoned(dir.path);
    expect(taken.map(({ path }) => basename(path)).sort()).toEqual(left);
    expect(await takeAbandoned(dir.path)).toEqual([]);
    for (const { end } of taken) await end();
    expect(await findAbandoned(dir.path, (base) => base === "data")).toEqual([dir.join(left[0] ?? "")]);
    await mine.end();
    expect(await findAbandoned(dir.path)).toContain(mine.path);
    expect((await readdir(dir.path)).filter((name) => name.endsWith(".held"))).toEqual([]);
  });

  test("takes a lock that was left alone, and nothing where there is no folder", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join(`.data.restoring-${uuid}.held`), "");
    const [lock] = await takeAbandoned(dir.path);
    expect(lock?.path).toBe(dir.join(`.data.restoring-${uuid}`));
    await lock?.end();
    expect(await readdir(dir.path)).toEqual([]);
    expect(await takeAbandoned(dir.join("none"))).toEqual([]);
  });
});

test("beginUnfinished() makes a name that is known again, and that the file system takes, of every name", async () => {
  await using dir = await tempDir();
  for (const name of ["data", "a.restoring-b", "é".repeat(120), "x".repeat(250), "😀".repeat(60)]) {
    const { path, end } = await beginUnfinished(dir.join(name), "restoring");
    await writeFile(path, "");
    expect([name, isUnfinished(basename(path))]).toEqual([name, true]);
    expect(await findAbandoned(dir.path, (base) => isUnfinishedOf(base, name))).toEqual([]);
    await end();
    expect(await findAbandoned(dir.path, (base) => isUnfinishedOf(base, name))).toEqual([path]);
  }
});
