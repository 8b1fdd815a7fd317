// What writeArchive() writes, readArchive() reads; and it finds each byte that was changed.
import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { packTar } from "modern-tar";
import { type Archived, readArchive } from "../../src/backup/read-archive.ts";
import { type ArchiveWriter, writeArchive } from "../../src/backup/write-archive.ts";
import { failureOf } from "../support/error-of.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const now = new Date("2026-11-30T12:00:00Z");
const manifest = {
  ...{ format: "cliai-backup", version: 1, created_at: now.toISOString(), cliai: "9.9.9", layout: 2 },
  insecure: false,
};
const head = { config: { name: "AUDIT", subjects: ["a"] }, state: { messages: 2, bytes: 9 } };

const bytesOf = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const add = (writer: ArchiveWriter, place: Parameters<ArchiveWriter["add"]>[0], value: unknown) =>
  writer.add(place, { bytes: bytesOf(value).length }, [bytesOf(value)]);

async function fill(writer: ArchiveWriter): Promise<void> {
  await add(writer, { of: "manifest" }, manifest);
  await writer.addFolder("keys");
  await add(writer, { of: "file", path: "keys/operator.nk" }, "a secret");
  await writer.add(
    { of: "file", path: `agents/${"long".repeat(40)}/run.sh` },
    { bytes: 4, isExecutable: true },
    [bytesOf("ab"), bytesOf("cd")],
  );
  await add(writer, { of: "file", path: "empty" }, "");
  await add(writer, { of: "head", stream: "AUDIT" }, head);
  await add(writer, { of: "piece", stream: "AUDIT", number: 1 }, "x".repeat(600));
  await add(writer, { of: "piece", stream: "AUDIT", number: 2 }, "y");
}

async function write(dir: TempDir, filling = fill): Promise<string> {
  const path = dir.join("backup.tar");
  await writeArchive(path, now, filling);
  return path;
}

async function readAll(path: string): Promise<unknown[]> {
  const entries: unknown[] = [];
  for await (const entry of readArchive(path)) entries.push(await shown(entry));
  return entries;
}

async function shown(entry: Archived): Promise<unknown> {
  if (!("body" in entry)) return entry;
  let text = "";
  for await (const chunk of entry.body) text += Buffer.from(chunk).toString();
  const { body: _, ...rest } = entry;
  return { ...rest, text };
}

test("readArchive() says which name Windows does not allow", async () => {
  await using dir = await tempDir();
  const path = await write(dir, async (writer) => {
    await add(writer, { of: "manifest" }, manifest);
    await add(writer, { of: "file", path: "agents/ada/at 12:30.png" }, "");
  });
  const onWindows = async () => {
    for await (const entry of readArchive(path, { isWindows: true })) await shown(entry);
  };
  expect(await failureOf(onWindows())).toMatchObject({
    code: "config_invalid",
    message: `${path} has "files/agents/ada/at 12:30.png", a name that Windows does not allow`,
  });
});

describe("writeArchive()", () => {
  test("writes what readArchive() reads, only for its user, and nothing else beside it", async () => {
    await using dir = await tempDir();
    const path = await write(dir);
    expect(await readAll(path)).toEqual([
      { of: "manifest", manifest },
      { of: "folder", path: "keys" },
      { of: "file", path: "keys/operator.nk", isExecutable: false, text: "a secret" },
      { of: "file", path: `agents/${"long".repeat(40)}/run.sh`, isExecutable: true, text: "abcd" },
      { of: "file", path: "empty", isExecutable: false, text: "" },
      { of: "stream", head },
      { of: "piece", stream: "AUDIT", text: "x".repeat(600) },
      { of: "piece", stream: "AUDIT", text: "y" },
    ]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir.path)).toEqual(["backup.tar"]);
  });

  test("writes a file that tar unpacks and sha256sum checks", async () => {
    await using dir = await tempDir();
    const path = await write(dir);
    execFileSync("tar", ["xf", path, "-C", dir.path]);
    expect(await readFile(dir.join("files", "keys", "operator.nk"), "utf8")).toBe("a secret");
    execFileSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: dir.path, stdio: "pipe" });
  });

  test("leaves the former file as it was if it fails, and no half a file", async () => {
    await using dir = await tempDir();
    const path = await write(dir);
    const before = await readFile(path);
    const failing = async (writer: ArchiveWriter) => {
      await fill(writer);
      throw new Error("the disk is on fire");
    };
    expect((await failureOf(write(dir, failing))).message).toContain("the disk is on fire");
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(dir.path)).toEqual(["backup.tar"]);
    await expect(writeArchive(dir.join("none", "x.tar"), now, fill)).rejects.toMatchObject({
      code: "failed",
      message: expect.stringContaining("cannot write"),
    });
  });
});

describe("readArchive()", () => {
  test("finds each byte that was changed", async () => {
    await using dir = await tempDir();
    const path = await write(dir);
    const whole = await readFile(path);
    const unseen: number[] = [];
    for (let at = 0; at < whole.length; at += 7) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x15;
      await writeFile(path, changed);
      await readAll(path).then(
        () => unseen.push(at),
        (error: unknown) => expect(error).toMatchObject({ code: "config_invalid" }),
      );
    }
    // Only the zeros that fill the last block of an entry belong to nothing.
    for (const at of unseen) expect(whole[at]).toBe(0);
    expect(unseen.length).toBeLessThan(whole.length / 7 / 2);
  });

  test("finds that its end is missing, wherever it was cut off", async () => {
    await using dir = await tempDir();
    const { size } = await stat(await write(dir));
    for (let at = size - 512; at >= 0; at -= 512) {
      const path = await write(dir);
      await truncate(path, at);
      expect(await failureOf(readAll(path))).toMatchObject({ code: "config_invalid" });
    }
  });

  test.each([
    ["a text", "hello, this is not a backup\n".repeat(100)],
    ["an empty file", ""],
    ["zeros", "\0".repeat(4096)],
  ])("refuses %s", async (_what, text) => {
    await using dir = await tempDir();
    await writeFile(dir.join("x"), text);
    expect(await failureOf(readAll(dir.join("x")))).toMatchObject({
      ...{ code: "config_invalid", message: expect.stringContaining(dir.join("x")) },
    });
  });

  test.each([
    ["another tar", [{ name: "README.md", type: "file" }]],
    ["one with a link", [{ name: "files/a", type: "symlink", linkname: "/etc/passwd" }]],
    ["one that leads out", [{ name: "files/../../a", type: "file" }]],
    ["one without a manifest", [{ name: "files/a", type: "file" }]],
  ] as const)("refuses %s", async (what, headers) => {
    await using dir = await tempDir();
    const first = {
      header: { name: "backup.json", size: bytesOf(manifest).length, type: "file" as const },
      body: bytesOf(manifest),
    };
    const others = headers.map((header) => ({ header: { size: 0, ...header }, body: "" }));
    const entries = what === "one without a manifest" || what === "another tar" ? others : [first, ...others];
    await writeFile(dir.join("x.tar"), await packTar(entries));
    expect(await failureOf(readAll(dir.join("x.tar")))).toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("where no backup has it"),
    });
  });

  test("refuses entries in another order, pieces that are missing, and a stream of another name", async () => {
    await using dir = await tempDir();
    const fillings: ((writer: ArchiveWriter) => Promise<void>)[] = [
      async (writer) => {
        await fill(writer);
        await add(writer, { of: "file", path: "late" }, "");
      },
      async (writer) => {
        await fill(writer);
        await add(writer, { of: "piece", stream: "AUDIT", number: 4 }, "");
      },
      async (writer) => {
        await fill(writer);
        await add(writer, { of: "piece", stream: "OTHER", number: 3 }, "");
      },
      async (writer) => {
        await fill(writer);
        await add(writer, { of: "head", stream: "OTHER" }, head);
      },
      async (writer) => {
        await fill(writer);
        await add(writer, { of: "manifest" }, manifest);
      },
    ];
    for (const filling of fillings)
      expect(await failureOf(write(dir, filling).then(readAll))).toMatchObject({ code: "config_invalid" });
  });

  test("refuses a newer format, and says which cliai reads it", async () => {
    await using dir = await tempDir();
    const path = await write(dir, (writer) => add(writer, { of: "manifest" }, { ...manifest, version: 2 }));
    expect(await failureOf(readAll(path))).toMatchObject({
      code: "config_invalid",
      message: `${path} has format 2, of cliai 9.9.9: this cliai reads format 1`,
    });
  });

  test("says that a file is not there", async () => {
    await using dir = await tempDir();
    expect(await failureOf(readAll(dir.join("none")))).toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("ENOENT"),
    });
  });
});
