// Whether the logs can be written, as `cliai doctor` finds out without writing to them.
import { describe, expect, test } from "bun:test";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { checkLogs } from "../../../src/cli/doctor/logs.ts";
import { hostLogPath, serveLogPath } from "../../../src/data-dir/log-file.ts";
import { ada } from "../../support/agents.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function withLogs() {
  const dir = await tempDir();
  await mkdir(dir.join("logs"));
  await mkdir(dir.join("agents", "ada"), { recursive: true });
  return dir;
}

describe("checkLogs()", () => {
  test("is content with logs that are there, and with those that are not there yet; it makes and changes none", async () => {
    await using dir = await withLogs();
    await writeFile(serveLogPath(dir.path), "before");
    const well = [
      { check: "logs", ok: true, message: "the logs of the server and of 1 agents can be written" },
    ];
    expect(await checkLogs(dir.path)).toEqual(well);
    expect(await readFile(serveLogPath(dir.path), "utf8")).toBe("before");
    await expect(stat(hostLogPath(dir.path, ada))).rejects.toThrow("ENOENT");
    await using none = await tempDir();
    expect((await checkLogs(none.join("not-there-yet")))[0]?.ok).toBe(true);
  });

  test("finds a log that is something else, with how to put it aside", async () => {
    await using dir = await withLogs();
    const path = hostLogPath(dir.path, ada);
    await mkdir(path);
    expect(await checkLogs(dir.path)).toEqual([
      {
        ...{ check: "logs", ok: false, remedy: `mv ${path} ${path}.old` },
        message: expect.stringContaining(`${path} cannot be written: `),
      },
    ]);
  });

  test("finds a symbolic link in a log's place, and does not follow it", async () => {
    await using dir = await withLogs();
    await writeFile(dir.join("elsewhere"), "");
    await symlink(dir.join("elsewhere"), serveLogPath(dir.path));
    expect((await checkLogs(dir.path)).map(({ ok }) => ok)).toEqual([false]);
  });
});
