// What an agent has changed in one turn: its beginning is kept outside of the repository.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { readChanges } from "../../src/changes/read-changes.ts";
import { keepTurn, readTurns } from "../../src/changes/turn-store.ts";
import { watchTurns } from "../../src/changes/watch-turns.ts";
import type { PlacedAgent } from "../../src/changes/work-dir.ts";
import { takeAgentLock, writeWorkDir } from "../../src/data-dir/agent-lock.ts";
import type { ChangesAsk } from "../../src/domain/changes/changes-report.ts";
import type { AgentView } from "../../src/domain/fleet/agent-view.ts";
import { viewAgent } from "../../src/domain/fleet/agent-view.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import { recordOf } from "../support/agent-records.ts";
import { failureOf } from "../support/error-of.ts";
import { createRepository, type TestRepository } from "../support/repository.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

const id = parseAgentId("ada");
let home: TempDir;
let dataDir: string;
let repository: TestRepository;
let release: () => void;

beforeAll(async () => {
  home = await tempDir();
  dataDir = home.join("turns");
  repository = createRepository(home.path);
  repository.write("a.txt", "one\n");
  repository.commit("first");
  const lock = await takeAgentLock(dataDir, id);
  release = () => lock.release();
  await writeWorkDir(dataDir, id, repository.dir);
});
afterAll(async () => {
  release();
  await home[Symbol.asyncDispose]();
});

const agent: PlacedAgent = { agent_id: id, project_path: "/elsewhere", host: hostname() };
const read = (ask: Partial<ChangesAsk>) =>
  readChanges(agent, { lines: "short", ...ask }, { dataDir, env: repository.env, agents: [] });
const keep = (since: string) => keepTurn(id, since, { dataDir, env: repository.env });
const textsOf = ({ files }: Awaited<ReturnType<typeof read>>) =>
  files.map(({ path, hunks = [] }) => [
    path,
    ...hunks.flatMap(({ lines }) => lines.flatMap(({ kind, text }) => (kind === "same" ? [] : [text]))),
  ]);
const objects = () => repository.git(["count-objects", "-v"]);

test("the changes of each turn are those until the next one began, also if they were committed or undone since", async () => {
  const before = [objects(), repository.git(["for-each-ref"])];
  repository.write("a.txt", "one, by its user\n");
  expect(await keep("2026-11-30T10:00:00.000Z")).toBe(true);
  repository.write("a.txt", "two\n");
  repository.write("new.txt", "new\n");
  expect(await keep("2026-11-30T11:00:00.000Z")).toBe(true);
  expect([objects(), repository.git(["for-each-ref"])]).toEqual(before);
  repository.commit("its work");
  repository.write("a.txt", "three\n");
  const last = await read({ turn: "1" });
  expect(textsOf(last)).toEqual([["a.txt", "two", "three"]]);
  expect(last.base).toEqual({ name: "2026-11-30T11:00:00.000Z", why: "turn" });
  expect(last.turns).toEqual(["2026-11-30T11:00:00.000Z", "2026-11-30T10:00:00.000Z"]);
  const first = await read({ turn: "2026-11-30T10:00:00.000Z" });
  expect(textsOf(first)).toEqual([
    ["a.txt", "one, by its user", "two"],
    ["new.txt", "new"],
  ]);
  expect(first.base).toMatchObject({ until: "2026-11-30T11:00:00.000Z" });
  expect(textsOf(await read({ turn: "2" }))).toEqual(textsOf(first));
  expect(await failureOf(read({ turn: "3" }))).toMatchObject({
    code: "usage",
    hint: expect.stringContaining("2 turns"),
  });
  expect(await failureOf(read({ turn: "1", base: "main" }))).toMatchObject({ code: "usage" });
  // The same turn is kept once.
  expect(await keep("2026-11-30T11:00:00.000Z")).toBe(false);
});

test("three days are kept, with their objects, and then removed", async () => {
  // A day of which all turns were forgotten before.
  mkdirSync(`${dataDir}/agents/ada/turns/2026-11-20`);
  for (const day of ["2026-12-01", "2026-12-02", "2026-12-03"]) await keep(`${day}T10:00:00.000Z`);
  expect((await readTurns(dataDir, id)).map(({ day }) => day)).toEqual([
    "2026-12-01",
    "2026-12-02",
    "2026-12-03",
  ]);
  expect(readdirSync(`${dataDir}/agents/ada/turns`).sort()).toEqual([
    "2026-12-01",
    "2026-12-02",
    "2026-12-03",
    "turns.json",
  ]);
});

test("watchTurns() keeps the beginning of a turn that begins now, and of no turn that began before it looked", async () => {
  const now = new Date("2026-12-04T10:00:00Z");
  const viewAt = (since: string | undefined): AgentView => {
    const session = { tools: [], ...(since === undefined ? {} : { turn: { since } }) };
    return viewAgent(recordOf({ session } as never), now);
  };
  const old = new Date(now.getTime() - 3_600_000).toISOString();
  let view = viewAt(old);
  let tell: (change: { ids: readonly (typeof id)[] }) => void = () => undefined;
  const stop = watchTurns({
    fleet: {
      get: () => view,
      list: () => [view],
      onChange: (listener) => {
        tell = listener;
        return () => undefined;
      },
    },
    ...{ dataDir, env: repository.env, log: silentLogger, now: () => now },
  });
  tell({ ids: [id] });
  const since = now.toISOString();
  view = viewAt(since);
  tell({ ids: [id] });
  tell({ ids: [id] });
  const isKept = async () => (await readTurns(dataDir, id)).some((turn) => turn.since === since);
  await until("the turn is kept", isKept);
  await stop();
  expect(
    (await readTurns(dataDir, id)).filter((turn) => turn.since === old || turn.since === since),
  ).toHaveLength(1);
  expect(existsSync(`${repository.dir}/.git/refs/cliai`)).toBe(false);
});
