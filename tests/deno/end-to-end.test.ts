// One way through the whole program under Deno, from its source: serve, spawn with the real Claude Code and the bridge that
// it starts, send. Everything else is tested on the executable.
import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import { claudeEnvironment } from "../support/claude-code.ts";
import { startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

test("under Deno: Claude Code is spawned and reports, a bridge is stopped by send, serve ends in order", async () => {
  await using serve = await startServe({ from: "deno" });
  await using dir = await tempDir();
  await using model = await startModelServer();
  const cwd = dir.join("work");
  await mkdir(cwd);
  const env = await claudeEnvironment({ home: dir.join("home"), workDirs: [cwd], modelServerUrl: model.url });
  const input = { status: "working", current_task: "counting" };
  model.setScript({
    turns: [{ toolUses: [{ name: "mcp__cliai__report_status", input }] }, { text: "Three." }],
  });
  const spawned = await serve.run(
    ["spawn", "demo", "--id", "ada", "--project", cwd, "--task", "count", "--", "-p"],
    { env },
  );
  expect(spawned).toMatchObject({ code: 0, stdout: "Three.\n" });
  const ada = () => fetchAgent(serve, "ada");
  const isGone = async () => (await ada()).axes.link.value === "offline";
  await waitFor(isGone, { what: "Claude's end is a goodbye", saw: ada });
  expect(await ada()).toMatchObject({ current_task: "counting", config_name: "demo", cli: "claude-code" });

  await using bridge = await startBridge(serve, "ben", "deno");
  const sent = await serve.run(["send", "stop", "ben", "--reason", "enough", "--json"]);
  expect(sent.code).toBe(0);
  const states = sent.stdout.trimEnd().split("\n");
  expect(states.map((line) => JSON.parse(line).state)).toEqual(["stored", "delivered"]);
  expect(await bridge.exit()).toMatchObject({ code: 0 });
  const isStopped = async () => (await fetchAgent(serve, "ben")).status === "stopped";
  await waitFor(isStopped, { what: "ben's goodbye" });
  expect((await serve.run(["ls"])).stdout).toMatch(/\nada +.*\nben +/);

  serve.child.kill("SIGTERM");
  expect(await serve.child.exit()).toMatchObject({ code: 0 });
  expect(fetch(serve.url)).rejects.toThrow();
});
