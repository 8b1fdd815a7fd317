import { describe, expect, test } from "bun:test";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { findOnPath, isAtLeast, readServerVersion } from "../../../src/nats/child/server-version.ts";
import { testNatsServer } from "../../support/nats.ts";
import { tempDir } from "../../support/temp-dir.ts";

describe("isAtLeast()", () => {
  test.each([
    ["2.10.0", "2.10.0", true],
    ["2.10.0", "2.9.25", true],
    ["2.9.25", "2.10.0", false],
    ["3.0.0", "2.10.5", true],
    ["2.10.4", "2.10.5", false],
    ["2.12.0-RC.1", "2.12.0", true],
  ])("%s is at least %s: %p", (version, oldest, expected) => {
    expect(isAtLeast(version, oldest)).toBe(expected);
  });
});

describe("readServerVersion()", () => {
  test("has the version of a nats-server, without a v", async () => {
    expect(await readServerVersion(await testNatsServer())).toMatch(/^\d+\.\d+\.\d+/);
  });

  test.skipIf(process.platform === "win32")("says in a line what is wrong with another file", async () => {
    await using dir = await tempDir();
    const program = async (name: string, text: string, mode = 0o755) => {
      await writeFile(dir.join(name), text);
      await chmod(dir.join(name), mode);
      return dir.join(name);
    };
    const other = await program("other", "#!/bin/sh\necho hello\n");
    await expect(readServerVersion(other)).rejects.toThrow('--version printed "hello');
    const failing = await program("failing", "#!/bin/sh\nexit 3\n");
    await expect(readServerVersion(failing)).rejects.toThrow("exit code 3");
    await expect(readServerVersion(await program("text", "", 0o644))).rejects.toThrow("not executable");
    await expect(readServerVersion(dir.join("none"))).rejects.toThrow("no such file");
  });
});

describe("findOnPath()", () => {
  test.skipIf(process.platform === "win32")("takes the first executable file of that name", async () => {
    await using dir = await tempDir();
    for (const [name, mode] of [
      ["one", 0o644],
      ["two", 0o755],
      ["three", 0o755],
    ] as const) {
      await mkdir(dir.join(name));
      await writeFile(dir.join(name, "nats-server"), "");
      await chmod(dir.join(name, "nats-server"), mode);
    }
    const path = ["", "one", "none", "two", "three"].map((name) => (name === "" ? "" : dir.join(name)));
    expect(await findOnPath("nats-server", path.join(delimiter))).toBe(dir.join("two", "nats-server"));
    expect(await findOnPath("nats-server", dir.join("one"))).toBeUndefined();
  });
});
