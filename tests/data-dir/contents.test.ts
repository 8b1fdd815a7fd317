import { describe, expect, test } from "bun:test";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { isDataDir, readDataDirContents, removeDataDirContents } from "../../src/data-dir/contents.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

async function fill(dir: TempDir): Promise<void> {
  await mkdir(dir.join("data", "keys"), { recursive: true });
  await writeFile(dir.join("data", "keys", "operator.nk"), "12345");
  await writeFile(dir.join("data", "layout.json"), "{}");
  await writeFile(dir.join("data", "profiles.json"), "{}");
  await writeFile(dir.join("data", "notes.txt"), "a person's");
  await writeFile(dir.join("data", `.${crypto.randomUUID()}`), "half");
}

describe("readDataDirContents()", () => {
  test("tells cliai's own files from a person's, and from what it does not know; with sizes", async () => {
    await using dir = await tempDir();
    await fill(dir);
    const entries = await readDataDirContents(dir.join("data"));
    expect(entries.map(({ name, bytes, of }) => [name.startsWith(".") ? "." : name, bytes, of])).toEqual([
      [".", 4, "own"],
      ["keys", 5, "own"],
      ["layout.json", 2, "own"],
      ["notes.txt", 10, "unknown"],
      ["profiles.json", 2, "person"],
    ]);
  });

  test("of a directory that is not there is empty", async () => {
    await using dir = await tempDir();
    expect(await readDataDirContents(dir.join("none"))).toEqual([]);
  });
});

describe("isDataDir()", () => {
  test("is not deceived by a folder that has `bin` and `keys` of a person's", async () => {
    await using dir = await tempDir();
    for (const name of ["bin", "keys", "agents"]) await mkdir(dir.join("home", name), { recursive: true });
    expect(await isDataDir(dir.join("home"))).toBe(false);
    await fill(dir);
    expect(await isDataDir(dir.join("data"))).toBe(true);
  });

  test("knows a directory that a spawn alone has made, for a server elsewhere", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("agents", "ada"), { recursive: true });
    expect(await isDataDir(dir.path)).toBe(false);
    await writeFile(dir.join("agents", "ada", "held"), "");
    expect(await isDataDir(dir.path)).toBe(true);
  });
});

describe("removeDataDirContents()", () => {
  test("removes what it is given, and the directory when it is empty then", async () => {
    await using dir = await tempDir();
    await fill(dir);
    const entries = await readDataDirContents(dir.join("data"));
    await removeDataDirContents(
      dir.join("data"),
      entries.filter(({ of }) => of === "own"),
    );
    expect((await readdir(dir.join("data"))).sort()).toEqual(["notes.txt", "profiles.json"]);
    await removeDataDirContents(dir.join("data"), entries);
    expect(await readdir(dir.path)).toEqual([]);
  });

  test("removes a symbolic link, and not what it leads to", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("elsewhere"));
    await writeFile(dir.join("elsewhere", "precious"), "");
    await mkdir(dir.join("data"));
    await symlink(dir.join("elsewhere"), dir.join("data", "nats"));
    await removeDataDirContents(dir.join("data"), await readDataDirContents(dir.join("data")));
    expect(await readdir(dir.path)).toEqual(["elsewhere"]);
    expect(await readdir(dir.join("elsewhere"))).toEqual(["precious"]);
  });
});
