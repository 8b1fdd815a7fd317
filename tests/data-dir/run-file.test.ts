import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { readRunFile, recordPositionFile, removeRunFile, writeRunFile } from "../../src/data-dir/run-file.ts";
import { silentLogger } from "../../src/log.ts";
import { ada, bob } from "../support/agents.ts";
import { tempDir } from "../support/temp-dir.ts";

const run = "7b1c9d52-63f2-4f53-9a43-3f0e2c2b7a10";
const whole = {
  ...{ run, host: { pid: 41, started: "s1" }, cli: { pid: 42, started: "s2" } },
  nats_url: "nats://127.0.0.1:4222",
};

async function agentDir() {
  const dir = await tempDir();
  await mkdir(dir.join("agents"));
  await writeRunFile(dir.path, ada, whole);
  return dir;
}

describe("readRunFile()", () => {
  test("reads what was written for the agent, until it is removed", async () => {
    await using dir = await agentDir();
    expect(await readRunFile(dir.path, ada)).toEqual(whole);
    expect(await readRunFile(dir.path, bob)).toBeUndefined();
    await removeRunFile(dir.path, ada);
    expect(await readRunFile(dir.path, ada)).toBeUndefined();
    await removeRunFile(dir.path, ada);
  });

  test("reads a file of 0.2.0, which names no host", async () => {
    await using dir = await agentDir();
    await writeRunFile(dir.path, ada, { run });
    expect(await readRunFile(dir.path, ada)).toEqual({ run });
  });

  test.each<[string, object | string]>([
    ["the id 0, with which a signal reaches a whole group", { ...whole, cli: { pid: 0, started: "s" } }],
    ["the id -1, with which a signal reaches every process", { ...whole, host: { pid: -1, started: "s" } }],
    ["no whole id", { ...whole, cli: { pid: 4.5, started: "s" } }],
    ["no start, by which the process is known again", { ...whole, cli: { pid: 42, started: "" } }],
    ["a run that is no UUID", { ...whole, run: "ada" }],
    ["half of its text", JSON.stringify(whole).slice(0, 30)],
  ])("names no process in a file with %s", async (_what, content) => {
    await using dir = await agentDir();
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await writeFile(dir.join("agents", "ada", "run.json"), text);
    expect(await readRunFile(dir.path, ada)).toBeUndefined();
  });
});

describe("recordPositionFile()", () => {
  test("knows how far each of the last records was published", async () => {
    await using dir = await agentDir();
    const file = recordPositionFile(dir.path, ada, silentLogger);
    expect(await file.read("/a")).toBeUndefined();
    await file.write({ path: "/a", offset: 1 });
    await file.write({ path: "/b", offset: 2 });
    await file.write({ path: "/a", offset: 3 });
    const again = recordPositionFile(dir.path, ada, silentLogger);
    expect(await again.read("/a")).toEqual({ path: "/a", offset: 3 });
    expect(await again.read("/b")).toEqual({ path: "/b", offset: 2 });
    for (let i = 0; i < 50; i += 1) await file.write({ path: `/${i}`, offset: i });
    expect(await file.read("/a")).toBeUndefined();
    expect(await file.read("/0")).toEqual({ path: "/0", offset: 0 });
  });
});
