// `cliai status` on a machine that has joined a fleet.
import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { statusCommand } from "../../../src/cli/background/status.ts";
import { takeKernelLock } from "../../../src/data-dir/kernel-lock.ts";
import { testContext } from "../../support/cli-context.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("cliai status tells of the node, and never to start a server there", async () => {
  await using dir = await tempDir();
  const status = async (...args: string[]) => {
    const context = testContext({ json: args.includes("--json") });
    const code = await statusCommand.run(["--data-dir", dir.path, ...args], context);
    return [code, ...context.printed];
  };
  const node = { name: "laptop", url: "tls://hub.example:4222", joined_at: "2026-05-03T12:00:00.000Z" };
  await writeFile(dir.join("node.json"), JSON.stringify(node));
  const run = (connected: boolean) =>
    writeFile(dir.join("node-run.json"), JSON.stringify({ pid: 42, started: "x", connected }));
  const which = "this machine is the node laptop of tls://hub.example:4222";
  const none = "agents on this machine: none";
  await run(true); // it was killed
  expect(await status()).toEqual([
    3,
    `${which}, and is away: its node does not run; start it: cliai node --detach`,
    none,
  ]);
  const lock = await takeKernelLock(dir.join("node.held"));
  try {
    expect(await status()).toEqual([0, `${which}, which runs (pid 42)`, none]);
    await run(false);
    const [code, line] = await status();
    expect([code, line]).toEqual([1, expect.stringContaining("is not connected yet")]);
    const [, json = ""] = await status("--json");
    expect(JSON.parse(String(json))).toMatchObject({
      ...{ running: false, data_dir: dir.path, agents: [] },
      node: { name: "laptop", url: "tls://hub.example:4222", pid: 42, connected: false },
    });
  } finally {
    lock?.release();
  }
});
