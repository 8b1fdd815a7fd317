import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, readFile, stat, symlink } from "node:fs/promises";
import { attachmentsBytes, leastBytes, storeAttachments } from "../../src/agent-protocol/attachments.ts";
import { ada } from "../support/agents.ts";
import { tempDir } from "../support/temp-dir.ts";

const file = (name: string, bytes: number) => ({ filename: name, content: new Uint8Array(bytes) });

describe("storeAttachments()", () => {
  test("stores files that only this user can read, and returns their paths", async () => {
    await using dir = await tempDir();
    const content = new TextEncoder().encode("hello");
    const paths = await storeAttachments(dir.path, ada, "task-1", [{ filename: "../a b.txt", content }]);
    expect(paths).toEqual([dir.join("agents", "ada", "attachments", "task-1", "a_b.txt")]);
    expect(await readFile(paths[0] as string, "utf8")).toBe("hello");
    if (process.platform !== "win32") expect((await stat(paths[0] as string)).mode & 0o777).toBe(0o600);
  });

  test("drops the oldest ones when an agent has too many, and never those that have just come", async () => {
    await using dir = await tempDir();
    const half = attachmentsBytes / 2 - leastBytes; // the folder counts, too
    const [first = ""] = await storeAttachments(dir.path, ada, "task-1", [file("a", half)]);
    const [second = ""] = await storeAttachments(dir.path, ada, "task-2", [file("b", half)]);
    expect(existsSync(first)).toBe(true);
    const [third = ""] = await storeAttachments(dir.path, ada, "task-3", [file("c", 0)]);
    expect([first, second, third].map((path) => existsSync(path))).toEqual([false, true, true]);
  });

  test("stores a file with a long name of any alphabet", async () => {
    await using dir = await tempDir();
    const [path = ""] = await storeAttachments(dir.path, ada, "task-1", [file(`${"文".repeat(300)}.pdf`, 1)]);
    expect(existsSync(path)).toBe(true);
  });

  test("leaves nothing of a prompt whose files cannot all be written", async () => {
    await using dir = await tempDir();
    const broken = { filename: "b", content: null as unknown as Uint8Array };
    const stored = storeAttachments(dir.path, ada, "task-1", [file("a", 1), broken]);
    await expect(stored).rejects.toThrow("cannot write");
    expect(await readdir(dir.join("agents", "ada", "attachments"))).toEqual([]);
    // A folder that was there before is not its own.
    await storeAttachments(dir.path, ada, "task-2", [file("a", 1)]);
    await expect(storeAttachments(dir.path, ada, "task-2", [file("b", 1)])).rejects.toThrow("cannot write");
    expect(await readdir(dir.join("agents", "ada", "attachments", "task-2"))).toEqual(["a"]);
  });

  test("writes through no symbolic link", async () => {
    await using dir = await tempDir();
    await using elsewhere = await tempDir();
    await symlink(elsewhere.path, dir.join("agents"), "junction");
    await expect(storeAttachments(dir.path, ada, "task-1", [file("a", 1)])).rejects.toThrow("symbolic link");
  });
});
