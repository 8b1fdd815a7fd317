import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { buildInfo } from "../../../src/build-info.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { type EmbeddedServer, resolveServerBinary } from "../../../src/nats/child/server-binary.ts";
import { isAtLeast, readServerVersion } from "../../../src/nats/child/server-version.ts";
import { startChild } from "../../support/child.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

/** The nats-server that this project's own build fetched, or else the system's. */
const real = await resolveServerBinary({
  dataDir: "/nowhere",
  cacheDir: buildInfo.serverCacheDir,
  searchPath: process.env.PATH,
});
const realBytes = await readFile(real.path);
const isPosix = process.platform !== "win32";
const programName = isPosix ? "nats-server" : "nats-server.exe";

async function embedIn(dir: TempDir, packed = zstdCompressSync(realBytes)): Promise<EmbeddedServer> {
  const path = dir.join("nats-server.zst");
  await writeFile(path, packed);
  return { path, version: real.version, sha256: createHash("sha256").update(realBytes).digest("hex") };
}

async function refusal(promise: Promise<unknown>): Promise<CliaiError> {
  const error = await promise.then(
    () => "nothing thrown",
    (thrown: unknown) => thrown,
  );
  if (error instanceof CliaiError) return error;
  throw new Error(`expected a CliaiError: ${error}`);
}

describe("resolveServerBinary()", () => {
  test("the embedded nats-server is unpacked into bin/, for its owner alone, and runs", async () => {
    await using dir = await tempDir();
    const binary = await resolveServerBinary({ dataDir: dir.join("data"), embedded: await embedIn(dir) });
    expect(binary.source).toBe("embedded");
    expect(await readServerVersion(binary.path)).toBe(real.version);
    expect(await readdir(dir.join("data", "bin"))).toHaveLength(1);
    if (!isPosix) return;
    expect((await stat(binary.path)).mode & 0o777).toBe(0o700);
    expect((await stat(dirname(binary.path))).mode & 0o777).toBe(0o700);
  });

  test("a good unpacked file is used as it is, a damaged one is replaced", async () => {
    await using dir = await tempDir();
    const embedded = await embedIn(dir);
    const { path } = await resolveServerBinary({ dataDir: dir.path, embedded });
    const { ino } = await stat(path);
    await resolveServerBinary({ dataDir: dir.path, embedded });
    expect((await stat(path)).ino).toBe(ino);

    await writeFile(path, realBytes.subarray(0, 1000));
    await resolveServerBinary({ dataDir: dir.path, embedded });
    expect((await readFile(path)).equals(realBytes)).toBe(true);
  });

  test("an unpacked file that lost its right to run gets it back", async () => {
    await using dir = await tempDir();
    const embedded = await embedIn(dir);
    const { path } = await resolveServerBinary({ dataDir: dir.path, embedded });
    await chmod(path, 0o600);
    await resolveServerBinary({ dataDir: dir.path, embedded });
    expect(await readServerVersion(path)).toBe(real.version);
  });

  test("processes that unpack at once all get a whole file, and leave nothing else", async () => {
    await using dir = await tempDir();
    const options = { dataDir: dir.join("data"), embedded: await embedIn(dir) };
    const source = (file: string) =>
      JSON.stringify(join(import.meta.dirname, "..", "..", "..", "src", "nats", "child", file));
    const script = `
      import { resolveServerBinary } from ${source("server-binary.ts")};
      import { readServerVersion } from ${source("server-version.ts")};
      const { path } = await resolveServerBinary(${JSON.stringify(options)});
      console.log(await readServerVersion(path));`;
    await writeFile(dir.join("unpack.ts"), script);
    const unpack = async () => {
      await using child = await startChild(process.execPath, [dir.join("unpack.ts")]);
      return await child.exit();
    };
    for (const end of await Promise.all([unpack(), unpack(), unpack(), unpack()])) {
      expect(end).toMatchObject({ code: 0, stdout: `${real.version}\n`, stderr: "" });
    }
    expect(await readdir(dir.join("data", "bin"))).toHaveLength(1);
  });

  test("an embedded nats-server that does not match its hash is refused, and not left behind", async () => {
    await using dir = await tempDir();
    const embedded = await embedIn(dir, zstdCompressSync(realBytes.subarray(1)));
    const error = await refusal(resolveServerBinary({ dataDir: dir.join("data"), embedded }));
    expect(error.code).toBe("nats_server_missing");
    expect(error.message).toContain("damaged");
    await expect(stat(dir.join("data"))).rejects.toThrow("ENOENT");
  });

  test("an embedded nats-server that is cut off is refused too", async () => {
    await using dir = await tempDir();
    const embedded = await embedIn(dir, zstdCompressSync(realBytes).subarray(0, 5000));
    const error = await refusal(resolveServerBinary({ dataDir: dir.join("data"), embedded }));
    expect(error.message).toContain("damaged");
  });

  test("a data directory that cannot be written is named", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("data"), "a file where the directory should be");
    const error = await refusal(
      resolveServerBinary({ dataDir: dir.join("data"), embedded: await embedIn(dir) }),
    );
    expect(error.code).toBe("data_dir_unwritable");
    expect(error.message).toContain(dir.join("data"));
    expect(error.hint).toContain("--data-dir");
  });

  test("--nats-server wins over the embedded one", async () => {
    await using dir = await tempDir();
    const binary = await resolveServerBinary({
      dataDir: dir.join("data"),
      flagPath: real.path,
      embedded: await embedIn(dir),
    });
    expect(binary).toEqual({ path: real.path, version: real.version, source: "flag" });
  });

  test("--nats-server refuses a path that is missing, not executable, or no nats-server", async () => {
    await using dir = await tempDir();
    const refuse = (flagPath: string) => refusal(resolveServerBinary({ dataDir: dir.path, flagPath }));
    const missing = await refuse(dir.join("nothing"));
    expect(missing.code).toBe("nats_server_missing");
    expect(missing.message).toBe(
      `${dir.join("nothing")} does not run as a nats-server: there is no such file`,
    );
    expect((await refuse(process.execPath)).message).toContain("--version printed");
    if (!isPosix) return;
    await copyFile(real.path, dir.join("plain"));
    await chmod(dir.join("plain"), 0o600);
    expect((await refuse(dir.join("plain"))).message).toContain("it is not executable");
  });

  test.if(isPosix)("a nats-server older than 2.9 is refused with its version", async () => {
    await using dir = await tempDir();
    const flagPath = dir.join("nats-server"); // one so old can no longer be had: a script that answers as it did
    await writeFile(flagPath, "#!/bin/sh\necho 'nats-server: v2.8.4'\n", { mode: 0o700 });
    const error = await refusal(resolveServerBinary({ dataDir: dir.path, flagPath }));
    expect(error.code).toBe("nats_server_too_old");
    expect(error.message).toContain("nats-server 2.8.4");
  });

  test("a run from source takes the newest in the build's cache, then PATH, then says what to install", async () => {
    await using dir = await tempDir();
    const target = `${isPosix ? process.platform : "windows"}-${process.arch}`;
    const folders = [`cache/2.9.10-${target}`, `cache/2.15.2-${target}`, "cache/2.99.0-plan9-mips", "path"];
    for (const folder of folders) {
      await mkdir(dir.join(folder), { recursive: true });
      await copyFile(real.path, dir.join(folder, programName));
    }
    const find = (cacheDir: string, searchPath: string) =>
      resolveServerBinary({ dataDir: dir.path, cacheDir, searchPath });
    const newest = await find(dir.join("cache"), dir.join("path"));
    expect(newest.path).toBe(dir.join("cache", `2.15.2-${target}`, programName));
    const onPath = await find(dir.join("none"), dir.join("path"));
    expect(onPath).toMatchObject({ source: "path", path: dir.join("path", programName) });
    const error = await refusal(find(dir.join("none"), ""));
    expect(error.code).toBe("nats_server_missing");
    expect(error.hint).toContain("bun build.ts");
  });

  test.each([
    ["2.9.0", "2.9.0", true],
    ["2.8.4", "2.9.0", false],
    ["2.10.0", "2.9.0", true],
    ["3.0.0", "2.9.0", true],
    ["1.99.99", "2.9.0", false],
    ["2.9.0-beta.1", "2.9.0", true],
  ])("isAtLeast(%s, %s) is %p", (version, oldest, expected) => {
    expect(isAtLeast(version, oldest)).toBe(expected);
  });
});
