import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { downCommand } from "../../../src/cli/background/down.ts";
import { takeLock } from "../../../src/data-dir/serve-lock.ts";
import { readProcessStart } from "../../../src/processes/process-start.ts";
import { testContext } from "../../support/cli-context.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("downCommand has ended the server though the next one holds the data directory by then", async () => {
  await using dir = await tempDir();
  const server = spawn(process.execPath, ["-e", "setTimeout(() => undefined, 60_000)"], { stdio: "ignore" });
  const ended = once(server, "exit");
  await once(server, "spawn");
  const pid = server.pid ?? 0;
  const started = await readProcessStart(pid);
  if (started === undefined) throw new Error("its start is not known");
  // Held for the whole test, as by a server that another command starts at once.
  const release = await takeLock(dir.path, { url: "http://127.0.0.1:1", instance: "i1", pid, started });
  const context = testContext();
  expect(await downCommand.run(["--data-dir", dir.path], context)).toBe(0);
  expect(context.printed).toEqual([`the server has ended (pid ${pid})`]);
  await ended;
  await release();
});
