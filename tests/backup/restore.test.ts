import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkBackup, type RestoreOptions, restoreBackup } from "../../src/backup/restore.ts";
import { saveBackup } from "../../src/backup/save.ts";
import { writeArchive } from "../../src/backup/write-archive.ts";
import { layoutVersion } from "../../src/domain/layout.ts";
import { CliaiError } from "../../src/domain/text/errors.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { failureOf } from "../support/error-of.ts";
import { startTestNats } from "../support/nats.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const never = new AbortController().signal;

/** A data directory with a few files in `data`, and a backup of it. */
async function save(dir: TempDir, options: Partial<Parameters<typeof saveBackup>[0]> = {}): Promise<string> {
  await mkdir(dir.join("data", "keys"), { recursive: true });
  await writeFile(dir.join("data", "layout.json"), "{}");
  await writeFile(dir.join("data", "keys", "http-token"), "secret");
  const path = dir.join("backup.tar");
  await saveBackup({
    ...{ path, dataDir: dir.join("data"), bus: undefined, now: new Date(), signal: never },
    facts: { cliai: "9.9.9", layout: layoutVersion, insecure: true },
    onStream: () => undefined,
    ...options,
  });
  return path;
}

const withoutStreams: Omit<RestoreOptions, "path" | "dataDir"> = {
  withStore: () => Promise.reject(new Error("there are no streams")),
  onRestored: () => Promise.reject(new Error("there are no streams")),
  onStream: () => undefined,
  signal: never,
};

describe("restoreBackup()", () => {
  test("restores a directory without streams, and makes the folders above it", async () => {
    await using dir = await tempDir();
    const path = await save(dir);
    const restored = await restoreBackup({ path, dataDir: dir.join("a", "b"), ...withoutStreams });
    expect(restored).toMatchObject({ files: 2, streams: [], manifest: { cliai: "9.9.9" } });
    expect(await readFile(dir.join("a", "b", "keys", "http-token"), "utf8")).toBe("secret");
    expect(await readdir(dir.join("a"))).toEqual(["b"]);
  });

  test("restores what a person's own file leads to", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("data"));
    await writeFile(dir.join("dotfiles.json"), "mine");
    await symlink(dir.join("dotfiles.json"), dir.join("data", "profiles.json"));
    const path = await save(dir);
    await restoreBackup({ path, dataDir: dir.join("new"), ...withoutStreams });
    expect((await lstat(dir.join("new", "profiles.json"))).isFile()).toBe(true);
    expect(await readFile(dir.join("new", "profiles.json"), "utf8")).toBe("mine");
  });

  test("restores no join code that an earlier cliai has saved: it may be used since", async () => {
    await using dir = await tempDir();
    await writeArchive(dir.join("backup.tar"), new Date(), async (writer) => {
      const facts = { format: "cliai-backup", version: 1, created_at: "2026-05-03T12:00:00.000Z" };
      const manifest = Buffer.from(JSON.stringify({ ...facts, cliai: "0.1.0", layout: 1, insecure: true }));
      await writer.add({ of: "manifest" }, { bytes: manifest.length }, [manifest]);
      for (const path of ["keys", "keys/join-codes"]) await writer.addFolder(path);
      for (const path of ["keys/http-token", "keys/join-codes/0a1b2c3d.json"])
        await writer.add({ of: "file", path }, { bytes: 2 }, [Buffer.from("{}")]);
    });
    await restoreBackup({ path: dir.join("backup.tar"), dataDir: dir.join("new"), ...withoutStreams });
    expect(await readdir(dir.join("new", "keys"))).toEqual(["http-token"]);
  });

  // Windows has no such names.
  test.skipIf(process.platform === "win32")("restores files whatever their names are", async () => {
    await using dir = await tempDir();
    const names = ["at 12:30.png", "a\\b", " x ", "tab\t", "line\nline", "ü€😀", "-", "~", "x".repeat(250)];
    const folder = dir.join("data", "agents", "c:d");
    await mkdir(folder, { recursive: true });
    for (const name of names) await writeFile(join(folder, name), name);
    const path = await save(dir);
    await restoreBackup({ path, dataDir: dir.join("new"), ...withoutStreams });
    const restored = dir.join("new", "agents", "c:d");
    expect((await readdir(restored)).sort()).toEqual(names.sort());
    for (const name of names) expect(await readFile(join(restored, name), "utf8")).toBe(name);
  });

  test("refuses a backup of a newer layout, and writes nothing", async () => {
    await using dir = await tempDir();
    const facts = { cliai: "9.9.9", layout: layoutVersion + 1, insecure: true };
    const path = await save(dir, { facts });
    expect(
      await failureOf(restoreBackup({ path, dataDir: dir.join("new"), ...withoutStreams })),
    ).toMatchObject({
      code: "config_invalid",
      message: `${path} has layout ${layoutVersion + 1}, of cliai 9.9.9: this cliai knows layout ${layoutVersion}`,
    });
    expect((await readdir(dir.path)).sort()).toEqual(["backup.tar", "data"]);
  });

  test("refuses a copy that has only a part, and saves only what it is told to", async () => {
    await using dir = await tempDir();
    const facts = { cliai: "9.9.9", layout: 1, insecure: true, part: "keys and buckets" };
    const isSaved = { file: (path: string) => path.startsWith("keys"), stream: () => true };
    const path = await save(dir, { facts, isSaved });
    expect(await checkBackup(path, never)).toMatchObject({
      files: 1,
      manifest: { part: "keys and buckets" },
    });
    expect(
      await failureOf(restoreBackup({ path, dataDir: dir.join("new"), ...withoutStreams })),
    ).toMatchObject({
      code: "config_invalid",
      message: `${path} has only keys and buckets, so no data directory can be made from it`,
    });
    expect((await readdir(dir.path)).sort()).toEqual(["backup.tar", "data"]);
  });

  test("is ended between two pieces of a stream, and leaves nothing; so it does if the streams cannot be restored", async () => {
    await using dir = await tempDir();
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const { streams } = await bus.connection.jetstreamManager();
    await streams.add({ name: "S", subjects: ["s"] });
    const path = await save(dir, { bus });
    const dataDir = dir.join("new");
    const ending = new AbortController();
    let unfinished: string[] = [];
    const restore = {
      ...{ path, dataDir, ...withoutStreams, signal: ending.signal, onRestored: async () => undefined },
      withStore: (_: string, _manifest: unknown, work: (bus: Bus) => Promise<void>) => work(bus),
    };
    // The stream is there already.
    expect(await failureOf(restoreBackup(restore))).toMatchObject({
      message: expect.stringContaining("cannot restore the stream S"),
    });
    expect((await readdir(dir.path)).sort()).toEqual(["backup.tar", "data"]);
    await streams.delete("S");
    const onStream = () => {
      unfinished = readdirSync(dir.path).filter((name) => name.startsWith(".new.restoring-"));
      ending.abort(new CliaiError("interrupted", "interrupted"));
    };
    // Without the ending it succeeds.
    expect(await failureOf(restoreBackup({ ...restore, onStream }))).toMatchObject({ code: "interrupted" });
    expect(unfinished).toHaveLength(2); // with its lock
    expect((await readdir(dir.path)).sort()).toEqual(["backup.tar", "data"]);
    await expect(
      checkBackup(path, AbortSignal.abort(new CliaiError("interrupted", "ended"))),
    ).rejects.toThrow("ended");
  });
});

test("saveBackup() ends when it is told to, and leaves no file", async () => {
  await using dir = await tempDir();
  const signal = AbortSignal.abort(new CliaiError("interrupted", "interrupted"));
  expect(await failureOf(save(dir, { signal }))).toMatchObject({ code: "interrupted" });
  expect(await readdir(dir.path)).toEqual(["data"]);
});
