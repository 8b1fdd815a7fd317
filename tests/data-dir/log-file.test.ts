import { describe, expect, test } from "bun:test";
import {
  appendFile,
  copyFile,
  lstat,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { openLog, readLog, rotateLog } from "../../src/data-dir/log-file.ts";
import { startChild } from "../support/child.ts";
import { tempDir } from "../support/temp-dir.ts";

const logFile = join(import.meta.dirname, "..", "..", "src", "data-dir", "log-file.ts");

describe("readLog()", () => {
  test("reads from an offset on, its last bytes, and from its start where it was cut since", async () => {
    await using dir = await tempDir();
    const path = dir.join("a.log");
    expect(readLog(path, 0)).toEqual({ text: "", end: 0 });
    await writeFile(path, "one\ntwo\n");
    expect(readLog(path, 0)).toEqual({ text: "one\ntwo\n", end: 8 });
    expect(readLog(path, -4)).toEqual({ text: "two\n", end: 8 });
    expect(readLog(path, 8)).toEqual({ text: "", end: 8 });
    await appendFile(path, "three\n");
    expect(readLog(path, 8)).toEqual({ text: "three\n", end: 14 });
    await writeFile(path, "new\n");
    expect(readLog(path, 14)).toEqual({ text: "new\n", end: 4 });
  });
});

describe("openLog()", () => {
  test.if(process.platform !== "win32")("refuses a symbolic link, and is its user's alone", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("elsewhere"), "");
    await symlink(dir.join("elsewhere"), dir.join("a.log"));
    expect(() => openLog(dir.join("a.log"))).toThrow("cannot write");
    openLog(dir.join("b.log"));
    expect((await stat(dir.join("b.log"))).mode & 0o777).toBe(0o600);
  });
});

describe.skipIf(process.platform === "win32")("rotateLog()", () => {
  test("replaces a symbolic link at the path of the old log, and changes nothing behind it", async () => {
    await using dir = await tempDir();
    const path = dir.join("a.log");
    await writeFile(dir.join("elsewhere"), "theirs\n");
    await symlink(dir.join("elsewhere"), `${path}.1`);
    const log = openLog(path);
    await writeFile(path, "ours\n");
    rotateLog(path, log);
    expect(await readFile(dir.join("elsewhere"), "utf8")).toBe("theirs\n");
    expect((await lstat(`${path}.1`)).isFile()).toBe(true);
    expect((await lstat(`${path}.1`)).mode & 0o777).toBe(0o600);
    expect([await readFile(`${path}.1`, "utf8"), await readFile(path, "utf8")]).toEqual(["ours\n", ""]);
    expect((await readdir(dir.path)).toSorted()).toEqual(["a.log", "a.log.1", "elsewhere"]);
  });

  test.each([
    ["a symbolic link", (from: string, to: string) => symlink(from, to)],
    ["another file", (from: string, to: string) => copyFile(from, to)],
  ])("copies and cuts nothing if %s stands in the place of the log", async (_, put) => {
    await using dir = await tempDir();
    const path = dir.join("a.log");
    const log = openLog(path);
    await rm(path);
    await writeFile(dir.join("elsewhere"), "theirs\n");
    await put(dir.join("elsewhere"), path);
    expect(() => rotateLog(path, log)).toThrow();
    expect(await readFile(path, "utf8")).toBe("theirs\n");
    expect((await readdir(dir.path)).toSorted()).toEqual(["a.log", "elsewhere"]);
  });
});

describe("keepLogSmall()", () => {
  test.if(process.platform !== "win32")(
    "a process whose stderr is the log keeps it small, and goes on writing there",
    async () => {
      await using dir = await tempDir();
      const path = dir.join("a.log");
      const program = `
        import { keepLogSmall } from ${JSON.stringify(logFile)};
        keepLogSmall(${JSON.stringify(path)}, 2_000, 5);
        let line = 0;
        const timer = setInterval(() => {
          process.stderr.write("line " + ++line + " " + "x".repeat(50) + "\\n");
          if (line === 100) { clearInterval(timer); }
        }, 2);
      `;
      await writeFile(dir.join("program.ts"), program);
      await using child = await startChild("/bin/sh", [
        "-c",
        `exec "$0" "$1" 2>>"$2"`,
        process.execPath,
        dir.join("program.ts"),
        path,
      ]);
      expect(await child.exit()).toMatchObject({ code: 0 });
      const [old, now] = await Promise.all([readFile(`${path}.1`, "utf8"), readFile(path, "utf8")]);
      expect(now.length).toBeLessThan(4_000);
      expect(old.length).toBeGreaterThan(2_000);
      expect(now).toMatch(/line 100 x+\n$/);
      // Nothing is lost at the cut, and nothing but lines is there.
      const lines = (old + now).trim().split("\n");
      const numbers = lines.map((line) => Number(/^line (\d+) x{50}$/.exec(line)?.[1]));
      expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    },
  );
});
