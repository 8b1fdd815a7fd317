import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { downCommand } from "../../../src/cli/background/down.ts";
import { uninstallCommand } from "../../../src/cli/uninstall.ts";
import { natsDirOf } from "../../../src/data-dir/data-dir.ts";
import { takeLock, takeStarting } from "../../../src/data-dir/serve-lock.ts";
import { recordRun } from "../../../src/nats/child/leftover-server.ts";
import { readProcessStart } from "../../../src/processes/process-start.ts";
import { startChild } from "../../support/child.ts";
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

test("downCommand ends the nats-server that a killed server has left, and uninstall does before it removes the store", async () => {
  await using dir = await tempDir();
  const leave = async () => {
    const left = await startChild(process.execPath, ["-e", "setInterval(() => undefined, 1_000)"]);
    await mkdir(natsDirOf(dir.path), { recursive: true });
    await recordRun(natsDirOf(dir.path), { server_name: "n1", pid: left.pid, port: 0 });
    return left;
  };
  await using first = await leave();
  const down = testContext();
  expect(await downCommand.run(["--data-dir", dir.path], down)).toBe(0);
  expect(down.printed).toEqual([
    `the nats-server that a killed server had left has ended (pid ${first.pid})`,
  ]);
  expect(down.noted).toEqual([`no server runs on ${dir.path}`]);
  await first.exit();

  await using second = await leave();
  expect(await uninstallCommand.run(["--data-dir", dir.path, "--yes"], testContext())).toBe(0);
  await second.exit();
});

test("downCommand leaves the nats-server of a server that somebody has started meanwhile", async () => {
  await using dir = await tempDir();
  await using nats = await startChild(process.execPath, ["-e", "setInterval(() => undefined, 1_000)"]);
  await mkdir(natsDirOf(dir.path));
  await recordRun(natsDirOf(dir.path), { server_name: "n1", pid: nats.pid, port: 0 });
  const starting = await takeStarting(dir.path);
  const context = testContext();
  expect(await downCommand.run(["--data-dir", dir.path], context)).toBe(0);
  expect(context.printed).toEqual([]);
  process.kill(nats.pid, 0);
  starting?.release();
});
