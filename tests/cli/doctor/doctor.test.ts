// What `cliai doctor` makes of values that a test cannot bring about on a machine: clocks, disks, owners.
import { describe, expect, test } from "bun:test";
import { chmod, mkdir, utimes, writeFile } from "node:fs/promises";
import { checkFiles, judgeDisk } from "../../../src/cli/doctor/files.ts";
import { checkClock, checkStore } from "../../../src/cli/doctor/nats.ts";
import { checkNatsServer } from "../../../src/cli/doctor/programs.ts";
import { type Check, finding } from "../../../src/domain/system/check.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const uid = process.getuid?.();
const gibibyte = 1024 ** 3;

const bad = (checks: readonly Check[]) => checks.filter(({ ok }) => !ok);
const filesOf = (dir: TempDir, more: Partial<Parameters<typeof checkFiles>[0]> = {}) =>
  checkFiles({ dataDir: dir.join("data"), server: undefined, now: new Date(), uid, ...more });

async function sound(): Promise<TempDir> {
  const dir = await tempDir();
  await mkdir(dir.join("data", "keys"), { recursive: true, mode: 0o700 });
  await writeFile(dir.join("data", "keys", "account.nk"), "x", { mode: 0o600 });
  return dir;
}

describe("doctorCommand", () => {
  test.each([
    [undefined, true],
    [0, true],
    [2_000, true],
    [-2_000, true],
    [2_001, false],
    [-60_000, false],
  ])("a NATS server whose clock is %p ms ahead is well: %p", (clockAheadMs, ok) => {
    expect(checkClock({ clockAheadMs }).ok).toBe(ok);
  });

  test("a clock that differs is told with its direction and the remedy", () => {
    expect(checkClock({ clockAheadMs: -60_000 })).toEqual(
      finding(
        "clock",
        "the NATS server's clock is 60.0 s behind this machine's",
        "set both clocks from the network, such as: sudo timedatectl set-ntp true",
      ),
    );
  });

  test.each([
    [900, undefined, true],
    [790, 1_000, true],
    [800, 1_000, false],
    [2_000, 1_000, false],
  ])("a store with %p of %p bytes is well: %p", (storedBytes, storeLimitBytes, ok) => {
    const check = checkStore({ storedBytes, storeLimitBytes });
    expect(check.ok).toBe(ok);
    if (!ok) expect(check.remedy).toContain("--audit-max-bytes");
  });

  test.each([
    [0, false],
    [gibibyte - 1, false],
    [gibibyte, true],
  ])("a disk with %p bytes free is well: %p", (freeBytes, ok) => {
    const check = judgeDisk("/data", freeBytes);
    expect(check.ok).toBe(ok);
    if (!ok) expect(check.remedy).toBe("free some space there");
  });
});

describe("the files", () => {
  test("are well when they are this user's alone", async () => {
    await using dir = await sound();
    expect(bad(await filesOf(dir))).toEqual([]);
  });

  test("of another user are named, the directory itself first", async () => {
    await using dir = await sound();
    const other = (uid ?? 0) + 1;
    const found = bad(await filesOf(dir, { uid: other }));
    expect(found.map(({ remedy }) => remedy)).toEqual(
      ["data", "data/keys", "data/keys/account.nk"].map((name) => `sudo chown ${other} ${dir.join(name)}`),
    );
    expect(found[0]?.message).toBe(`${dir.join("data")} belongs to another user (uid ${uid})`);
  });

  test("are not safe in a directory that others may write to; one that they may see is no finding", async () => {
    await using dir = await sound();
    await chmod(dir.join("data"), 0o755);
    expect(bad(await filesOf(dir))).toEqual([]);
    for (const mode of [0o775, 0o757]) {
      await chmod(dir.join("data"), mode);
      expect(bad(await filesOf(dir))).toEqual([
        finding(
          "files",
          `other users can change the files in ${dir.join("data")} (mode ${mode.toString(8)})`,
          `chmod go-w ${dir.join("data")}`,
        ),
      ]);
    }
  });

  test("that serve was given from elsewhere are looked at as well", async () => {
    await using dir = await sound();
    for (const name of ["token", "nats.creds", "tls.key"])
      await writeFile(dir.join(name), "x", { mode: 0o600 });
    const server = {
      token_file: dir.join("token"),
      nats_creds: dir.join("nats.creds"),
      tls_key: dir.join("tls.key"),
    };
    expect(bad(await filesOf(dir, { server }))).toEqual([]);
    await chmod(dir.join("tls.key"), 0o640);
    await chmod(dir.join("token"), 0o644);
    await chmod(dir.join("nats.creds"), 0o640);
    const found = bad(await filesOf(dir, { server }));
    expect(found.map(({ remedy }) => remedy)).toEqual([
      `chmod 600 ${dir.join("token")}`,
      `chmod 600 ${dir.join("nats.creds")}`,
    ]);
    await chmod(dir.join("tls.key"), 0o644);
    expect(bad(await filesOf(dir, { server })).at(-1)?.remedy).toBe(`chmod 600 ${dir.join("tls.key")}`);
  });

  test("that a crash has left behind are named after an hour", async () => {
    await using dir = await sound();
    const path = dir.join("data", "keys", `.${crypto.randomUUID()}`);
    await writeFile(path, "half", { mode: 0o600 });
    expect(bad(await filesOf(dir))).toEqual([]);
    const then = new Date(Date.now() - 3_601_000);
    await utimes(path, then, then);
    expect(bad(await filesOf(dir))).toEqual([
      finding("files", `${path} was left behind by a crash`, `rm ${path}`),
    ]);
  });
});

describe("nats-server on PATH", () => {
  test.each([
    ["echo 'nats-server: v2.15.2'", true, "2.15.2"],
    ["echo 'nats-server: v2.8.4'", false, "older than 2.9.0"],
    ["exit 3", false, "does not run: --version ended with exit code 3"],
    ["echo hello", false, "--version printed"],
  ])("that answers %p is well: %p", async (script, ok, words) => {
    await using dir = await tempDir();
    await writeFile(dir.join("nats-server"), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    const check = await checkNatsServer(dir.path);
    expect(check).toMatchObject({ ok, message: expect.stringContaining(words) });
  });

  test("that is not there is a finding", async () => {
    await using dir = await tempDir();
    expect(await checkNatsServer(dir.path)).toMatchObject({
      ok: false,
      remedy: expect.stringContaining("--nats-server"),
    });
  });
});
