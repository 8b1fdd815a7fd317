import { describe, expect, test } from "bun:test";
import { mkdir, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  beginUnfinished,
  findAbandoned,
  placeOfRestores,
  takeAbandoned,
  type UnfinishedPlace,
} from "../../src/backup/unfinished.ts";
import { isUnfinished, isUnfinishedOf, unfinishedLock } from "../../src/data-dir/contents.ts";
import { tempDir } from "../support/temp-dir.ts";

const uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
const pathsIn = async (place: UnfinishedPlace) => (await findAbandoned(place)).map(({ path }) => path);

describe("takeAbandoned()", () => {
  test("takes what has no living owner, once, and nothing that somebody is at work on", async () => {
    await using dir = await tempDir();
    const folder = dir.path;
    const mine = await beginUnfinished(dir.join("backup.tar"), "saving");
    await writeFile(mine.path, "");
    const left = [`.data.restoring-${uuid}`, `.x.tar.saving-${uuid}`];
    for (const name of [...left, `.${uuid}`, "data", `.data.resting-${uuid}`])
      await writeFile(dir.join(name), "");
    expect(await pathsIn({ folder })).toEqual(left.map((name) => dir.join(name)));
    const taken = await takeAbandoned({ folder });
    expect(taken.map(({ path }) => basename(path)).sort()).toEqual(left);
    expect(await takeAbandoned({ folder })).toEqual([]);
    for (const { end } of taken) await end();
    expect(await pathsIn({ folder, isMeant: (base) => base === "data" })).toEqual([dir.join(left[0] ?? "")]);
    await mine.end();
    expect(await pathsIn({ folder })).toContain(mine.path);
    expect((await readdir(folder)).filter((name) => name.endsWith(".held"))).toEqual([]);
  });

  test("takes a lock that was left alone, and nothing where there is no folder", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join(`.data.restoring-${uuid}.held`), "");
    expect(await findAbandoned({ folder: dir.path })).toEqual([]); // it has no keys
    const [lock] = await takeAbandoned({ folder: dir.path });
    expect(lock?.path).toBe(dir.join(`.data.restoring-${uuid}`));
    await lock?.end();
    expect(await readdir(dir.path)).toEqual([]);
    expect(await takeAbandoned({ folder: dir.join("none") })).toEqual([]);
  });

  test("takes what another machine has begun only when it has stood for a day: its lock cannot be seen", async () => {
    await using dir = await tempDir();
    const folder = dir.path;
    const others = await beginUnfinished(dir.join("backup.tar"), "saving", "another-machine");
    await writeFile(others.path, "");
    await others.end(); // as it looks from here
    expect([await pathsIn({ folder }), await takeAbandoned({ folder })]).toEqual([[], []]);
    const longAgo = new Date(Date.now() - 25 * 3_600_000);
    await utimes(others.path, longAgo, longAgo);
    expect(await pathsIn({ folder })).toEqual([others.path]);
    await writeFile(unfinishedLock(others.path), ""); // it has begun only now
    expect(await pathsIn({ folder })).toEqual([]);
    await utimes(unfinishedLock(others.path), longAgo, longAgo);
    const [taken] = await takeAbandoned({ folder });
    expect(taken?.path).toBe(others.path);
    await taken?.end();
  });
});

test("findAbandoned() tells what has a lock that cannot be read, as not certain", async () => {
  await using dir = await tempDir();
  const path = dir.join(`.data.restoring-${uuid}`);
  await mkdir(path);
  await mkdir(unfinishedLock(path)); // no file, so nobody can read it
  expect(await findAbandoned({ folder: dir.path })).toEqual([{ path, isCertain: false }]);
});

test("placeOfRestores() is beside what a symbolic link leads to", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("disk", "real"), { recursive: true });
  await symlink(dir.join("disk", "real"), dir.join("data"));
  const { folder, isMeant } = await placeOfRestores(dir.join("data"));
  expect([folder, isMeant("real"), isMeant("data")]).toEqual([dir.join("disk"), true, false]);
  const none = await placeOfRestores(dir.join("none"));
  expect([none.folder, none.isMeant("none")]).toEqual([dir.path, true]);
});

test("beginUnfinished() makes a name that is known again, and that the file system takes, of every name", async () => {
  await using dir = await tempDir();
  const names = ["data", "a.restoring-b", "é".repeat(120), "x".repeat(250), "😀".repeat(60), "€".repeat(80)];
  for (const name of names) {
    const { path, end } = await beginUnfinished(dir.join(name), "restoring");
    await writeFile(path, "");
    const place = { folder: dir.path, isMeant: (base: string) => isUnfinishedOf(base, name) };
    expect([name, isUnfinished(basename(path))]).toEqual([name, true]);
    expect(await pathsIn(place)).toEqual([]);
    await end();
    expect(await pathsIn(place)).toEqual([path]);
  }
});
