// How an agent was launched last, on the disk: for its owner alone, without secrets, and never in the way of a start.
import { expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { readLaunchedAs, writeLaunchedAs } from "../../src/data-dir/launched-as.ts";
import { ada, bob } from "../support/agents.ts";
import { modeOf } from "../support/files.ts";
import { tempDir } from "../support/temp-dir.ts";

const launched = { profile: "demo", headless: false, model: "m1" };

test("readLaunchedAs() has what writeLaunchedAs() wrote, for its owner alone and without secrets", async () => {
  await using dir = await tempDir();
  await writeLaunchedAs(dir.path, ada, { ...launched, passed_on: ["--api-key", "hunter2"] });
  const file = dir.join("agents", "ada", "launched-as.json");
  expect(await modeOf(file)).toBe("600");
  expect(await readFile(file, "utf8")).not.toContain("hunter2");
  expect(await readLaunchedAs(dir.path, ada)).toEqual({ ...launched, has_secret: true });
  await writeLaunchedAs(dir.path, ada, { ...launched, passed_on: ["--verbose"] });
  expect(await readLaunchedAs(dir.path, ada)).toEqual({ ...launched, passed_on: ["--verbose"] });
});

test.each([
  "",
  "{",
  '{"profile":"demo","headless":true,"model_server":"http://me:hunter2@gpu"}',
  '{"profile":1,"headless":true}',
  '{"profile":"demo","headless":true,"role":"king"}',
])("readLaunchedAs() takes nothing from %j", async (text) => {
  await using dir = await tempDir();
  await mkdir(dir.join("agents", "ada"), { recursive: true });
  await writeFile(dir.join("agents", "ada", "launched-as.json"), text);
  expect(await readLaunchedAs(dir.path, ada)).toBeUndefined();
  expect(await readLaunchedAs(dir.path, bob)).toBeUndefined();
});
