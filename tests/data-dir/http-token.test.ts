import { describe, expect, test } from "bun:test";
import { chmod, readFile, rm, symlink, writeFile } from "node:fs/promises";
import process from "node:process";
import {
  ensureHttpToken,
  httpTokenPath,
  readHttpToken,
  rotateHttpToken,
  watchHttpToken,
} from "../../src/data-dir/http-token.ts";
import { silentLogger } from "../../src/log.ts";
import { modeOf } from "../support/files.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

const isPosix = process.platform !== "win32";
const invalid = expect.objectContaining({ code: "config_invalid" });

describe("ensureHttpToken()", () => {
  test("makes a token of 256 bits for this user alone, and keeps it from then on", async () => {
    await using dir = await tempDir();
    const path = await ensureHttpToken(dir.path);
    expect(path).toBe(httpTokenPath(dir.path));
    const token = readHttpToken(path);
    expect(token).toMatch(/^[\w-]{43}$/);
    if (isPosix) expect(await modeOf(path)).toBe("600");
    expect(readHttpToken(await ensureHttpToken(dir.path))).toBe(token);
  });

  test("does not write over a file that holds no token: it may be the user's", async () => {
    await using dir = await tempDir();
    await ensureHttpToken(dir.path);
    await writeFile(httpTokenPath(dir.path), "short\n");
    await expect(ensureHttpToken(dir.path)).rejects.toThrow(invalid);
    expect(await readFile(httpTokenPath(dir.path), "utf8")).toBe("short\n");
  });
});

describe("rotateHttpToken()", () => {
  test("puts another token in the place of the one that was", async () => {
    await using dir = await tempDir();
    const before = readHttpToken(await ensureHttpToken(dir.path));
    await rotateHttpToken(dir.path);
    expect(readHttpToken(httpTokenPath(dir.path))).not.toBe(before);
  });
});

describe("readHttpToken()", () => {
  test("takes a token of the user's own choice, with or without a line feed", async () => {
    await using dir = await tempDir();
    const own = `${"a".repeat(31)}+`;
    await writeFile(dir.join("token"), ` ${own}\n`);
    expect(readHttpToken(dir.join("token"))).toBe(own);
  });

  test.each([
    "",
    "a".repeat(31),
    `${"a".repeat(32)} ${"b".repeat(32)}`,
    "a".repeat(513),
    `${"ä".repeat(40)}`,
  ])("refuses %j: nobody could rely on it", async (text) => {
    await using dir = await tempDir();
    await writeFile(dir.join("token"), text);
    expect(() => readHttpToken(dir.join("token"))).toThrow("holds no token");
  });

  test("says what stands in the way: nothing, a folder, a symbolic link", async () => {
    await using dir = await tempDir();
    expect(() => readHttpToken(dir.join("none"))).toThrow("there is no such file");
    expect(() => readHttpToken(dir.path)).toThrow(invalid);
    if (!isPosix) return;
    await writeFile(dir.join("token"), "a".repeat(32));
    await symlink(dir.join("token"), dir.join("link"));
    expect(() => readHttpToken(dir.join("link"))).toThrow("a symbolic link stands in its place");
  });
});

describe("watchHttpToken()", () => {
  function watch(path: string) {
    const logged: string[] = [];
    const note = (text: string) => void logged.push(text);
    const watched = watchHttpToken(path, { ...silentLogger, info: note, warn: note, error: note });
    let rotated = 0;
    const unlisten = watched.onRotated(() => {
      rotated += 1;
    });
    return {
      ...{ watched, logged, unlisten },
      rotated: () => rotated,
      [Symbol.dispose]: () => watched.stop(),
    };
  }

  test("gives the token that is there now, and tells of a new one without being asked", async () => {
    await using dir = await tempDir();
    using watching = watch(await ensureHttpToken(dir.path));
    const before = watching.watched.token();
    expect(watching.rotated()).toBe(0);
    await rotateHttpToken(dir.path);
    await until("it is noticed", () => watching.rotated() === 1);
    expect(watching.watched.token()).not.toBe(before);
    expect(watching.logged).toEqual(["the HTTP token has changed: every browser is signed out"]);
    watching.unlisten();
    await rotateHttpToken(dir.path);
    watching.watched.token();
    expect(watching.rotated()).toBe(1);
  });

  test("without a token nobody gets in: it is said once, and the next token counts", async () => {
    await using dir = await tempDir();
    const path = await ensureHttpToken(dir.path);
    using watching = watch(path);
    await rm(path);
    expect(watching.watched.token()).toBeUndefined();
    expect(watching.watched.token()).toBeUndefined();
    expect(watching.logged.filter((line) => line.startsWith("nobody can sign in"))).toHaveLength(1);
    await rotateHttpToken(dir.path);
    expect(watching.watched.token()).toBe(readHttpToken(path));
  });

  test.skipIf(!isPosix)("warns of a token that others on this machine can read", async () => {
    await using dir = await tempDir();
    const path = await ensureHttpToken(dir.path);
    await chmod(path, 0o644);
    using watching = watch(path);
    expect(watching.logged[0]).toContain(`chmod 600 ${path}`);
  });

  test("does not begin without a token", async () => {
    await using dir = await tempDir();
    expect(() => watchHttpToken(dir.join("none"), silentLogger)).toThrow(invalid);
  });
});
