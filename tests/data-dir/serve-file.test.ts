import { describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import {
  readServeFile,
  removeServeFile,
  type ServeFile,
  serveFilePath,
  writeServeFile,
} from "../../src/data-dir/serve-file.ts";
import { modeOf } from "../support/files.ts";
import { tempDir } from "../support/temp-dir.ts";

const content: ServeFile = {
  ...{ url: "http://127.0.0.1:3000", nats_url: "nats://127.0.0.1:4222", data_dir: "/data" },
  ...{ version: "0.0.0-test", nats_version: "2.15.2", pid: 42, instance: "i1", insecure: true },
};

describe("readServeFile()", () => {
  test("reads what was written, also what a later version has added", async () => {
    await using dir = await tempDir();
    const later = { ...content, of_tomorrow: 1 };
    await writeServeFile(dir.path, later);
    expect(await readServeFile(dir.path)).toEqual(later);
    if (process.platform !== "win32") expect(await modeOf(serveFilePath(dir.path))).toBe("600");
  });

  test("where there is none, no server runs on the directory", async () => {
    await using dir = await tempDir();
    expect(await readServeFile(dir.path)).toBeUndefined();
    expect(await readServeFile(dir.join("none"))).toBeUndefined();
  });

  test.each(["", "{", "[]", '{"url":"nowhere"}', JSON.stringify({ ...content, pid: "42" })])(
    "a damaged one is an error that names it and says what to do: %j",
    async (text) => {
      await using dir = await tempDir();
      await writeFile(serveFilePath(dir.path), text);
      await expect(readServeFile(dir.path)).rejects.toThrow(
        expect.objectContaining({
          code: "config_invalid",
          message: expect.stringContaining(serveFilePath(dir.path)),
          hint: "remove it, then start the server again: cliai serve",
        }),
      );
    },
  );
});

describe("removeServeFile()", () => {
  test("removes the file of its own instance, and no other", async () => {
    await using dir = await tempDir();
    await writeServeFile(dir.path, content);
    removeServeFile(dir.path, "another");
    expect(await readServeFile(dir.path)).toEqual(content);
    removeServeFile(dir.path, "i1");
    expect(await readServeFile(dir.path)).toBeUndefined();
    removeServeFile(dir.path, "i1");
  });

  test("leaves what it cannot read", async () => {
    await using dir = await tempDir();
    await writeFile(serveFilePath(dir.path), "theirs");
    removeServeFile(dir.path, "i1");
    expect(await readFile(serveFilePath(dir.path), "utf8")).toBe("theirs");
  });
});
