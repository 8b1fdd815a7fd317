import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import process from "node:process";
import {
  ensureOwnDir,
  ensurePrivateDir,
  isOwnDir,
  writePrivateFile,
} from "../../src/data-dir/private-files.ts";
import { modeOf } from "../support/files.ts";
import { tempDir } from "../support/temp-dir.ts";

const isPosix = process.platform !== "win32";
const unwritable = expect.objectContaining({ code: "data_dir_unwritable" });

describe("ensurePrivateDir()", () => {
  test("makes the directory and those above it for this user alone, and leaves one that is there as it is", async () => {
    await using dir = await tempDir();
    await ensurePrivateDir(dir.join("a/b"));
    if (isPosix) expect([await modeOf(dir.join("a")), await modeOf(dir.join("a/b"))]).toEqual(["700", "700"]);
    await chmod(dir.join("a"), 0o755);
    await ensurePrivateDir(dir.join("a"));
    if (isPosix) expect(await modeOf(dir.join("a"))).toBe("755");
  });

  test("says the path where a file stands in the way", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("file"), "");
    await expect(ensurePrivateDir(dir.join("file/below"))).rejects.toThrow(unwritable);
    await expect(ensurePrivateDir(dir.join("file/below"))).rejects.toThrow(dir.join("file/below"));
  });
});

describe.skipIf(!isPosix)("ensureOwnDir()", () => {
  test("makes one that others may read private again", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("own"), { mode: 0o755 });
    await ensureOwnDir(dir.join("own"));
    expect(await modeOf(dir.join("own"))).toBe("700");
  });

  test("goes through no symbolic link, and changes nothing behind it", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("others"), { mode: 0o755 });
    await symlink(dir.join("others"), dir.join("link"));
    await expect(ensureOwnDir(dir.join("link"))).rejects.toThrow("a symbolic link stands in its place");
    expect(await modeOf(dir.join("others"))).toBe("755");
  });
});

describe("isOwnDir()", () => {
  test("tells a directory from nothing, and refuses what is neither", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("file"), "");
    expect(await isOwnDir(dir.path)).toBe(true);
    expect(await isOwnDir(dir.join("none"))).toBe(false);
    expect(await isOwnDir(dir.join("file/below"))).toBe(false);
    await expect(isOwnDir(dir.join("file"))).rejects.toThrow(unwritable);
    if (!isPosix) return;
    await symlink(dir.path, dir.join("link"));
    await expect(isOwnDir(dir.join("link"))).rejects.toThrow(unwritable);
  });
});

describe("writePrivateFile()", () => {
  test("writes the whole text for this user alone, and leaves nothing else behind", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("key"), "before", { mode: 0o644 });
    await writePrivateFile(dir.join("key"), "after");
    expect(await readFile(dir.join("key"), "utf8")).toBe("after");
    if (isPosix) expect(await modeOf(dir.join("key"))).toBe("600");
    expect(await readdir(dir.path)).toEqual(["key"]);
  });

  test.skipIf(!isPosix)("puts the file in the place of a symbolic link: what it leads to stays", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("others"), "theirs");
    await symlink(dir.join("others"), dir.join("key"));
    await writePrivateFile(dir.join("key"), "ours");
    expect(await readFile(dir.join("others"), "utf8")).toBe("theirs");
    expect((await stat(dir.join("key"))).size).toBe(4);
  });

  test("what cannot be written is said by its path, and leaves no half file", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("key"));
    await writeFile(dir.join("key/inside"), "");
    await expect(writePrivateFile(dir.join("key"), "text")).rejects.toThrow(dir.join("key"));
    expect(await readdir(dir.path)).toEqual(["key"]);
    await expect(writePrivateFile(dir.join("none/key"), "text")).rejects.toThrow(unwritable);
  });
});
