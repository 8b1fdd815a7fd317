import { expect, test } from "bun:test";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keepFleetFile, readFleetFile } from "../../src/data-dir/fleet-file.ts";
import { reduceAgent } from "../../src/domain/fleet/reduce-agent.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { createLogger, silentLogger } from "../../src/log.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const id = parseAgentId("ada");
const at = "2026-01-01T00:00:00.000Z";
const ada = (current_task: string) =>
  reduceAgent(undefined, { type: "heartbeat", id, at, message: { current_task } });

test("keeps what serve knows, for its owner alone, and the last of it after the end", async () => {
  await using dir = await tempDir();
  expect(await readFleetFile(dir.path)).toBeUndefined();
  let task = "dig";
  const end = keepFleetFile(dir.path, { revision: () => 1, list: () => [ada(task)] }, silentLogger);
  await waitFor(async () => (await readFleetFile(dir.path)) !== undefined, { what: "it is written" });
  expect((await stat(dir.join("fleet.json"))).mode & 0o777).toBe(0o600);
  task = "fill"; // without a new revision yet
  await end();
  const known = await readFleetFile(dir.path);
  expect(known?.records.get(id)).toMatchObject({ current_task: "fill" });
  expect(Math.abs(Date.now() - (known?.asOf.getTime() ?? 0))).toBeLessThan(10_000);
});

test("a file that is none of ours is not taken, and a record that is none is left out", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("fleet.json"), "{");
  expect(await readFleetFile(dir.path)).toBeUndefined();
  await writeFile(dir.join("fleet.json"), JSON.stringify({ agents: [{ agent_id: "bob" }, ada("dig")] }));
  expect([...((await readFleetFile(dir.path))?.records.keys() ?? [])]).toEqual([id]);
});

test("where it cannot be written, serve says so once and goes on", async () => {
  await using dir = await tempDir();
  const gone = dir.join("gone");
  await mkdir(gone);
  const lines: string[] = [];
  const log = createLogger(
    "warn",
    (line) => lines.push(line),
    () => new Date(),
  );
  let revision = 0;
  await rm(gone, { recursive: true });
  const end = keepFleetFile(gone, { revision: () => ++revision, list: () => [ada("dig")] }, log);
  await end();
  expect(lines.filter((line) => line.includes(`cannot write ${join(gone, "fleet.json")}`)).length).toBe(1);
});
