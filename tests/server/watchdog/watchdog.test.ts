// The watchdog on a real nats-server: alerts, holds that a person ends, and agents that have none. And silence, with a clock that the test sets.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { type AgentView, viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import type { Hold } from "../../../src/domain/holding/hold.ts";
import type { Logger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import type { FleetState } from "../../../src/server/fleet/fleet-state.ts";
import { createCallBooks, startWatchdog } from "../../../src/server/watchdog/watchdog.ts";
import { orderOf, recordOf } from "../../support/agent-records.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

let run: TestServer;
let bus: Bus;

async function beat(id: string, watchdog: object | undefined, instance_id = `run-${id}`): Promise<void> {
  const facts = { status: "working", interval_s: 3_600, config_name: "coder", project_path: "/p" };
  bus.publish(`agent.${id}.heartbeat`, {
    agent_id: id,
    instance_id,
    ...facts,
    ...(watchdog && { watchdog }),
  });
  await until(`${id} is known`, () =>
    run.server.fleet
      .list()
      .some((each) => each.agent_id === id && each.heartbeat?.instance_id === instance_id),
  );
}

beforeAll(async () => {
  run = await startTestServer();
  bus = await run.nats.bus("agents");
  await beat("ada", { same_call: 2, act: "pause" });
  await beat("bob", { same_call: 2, context_percent: 50 });
  await beat("eve", undefined);
});
afterAll(() => run[Symbol.asyncDispose]());

let seq = 0;
async function fail(id: string, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    seq += 2;
    const call = { agent_id: id, tool: "Bash", tool_use_id: `t${seq}`, instance_id: `run-${id}` };
    const numbered = { session_id: "s", generation: 1 };
    const [start, failed] = [
      { kind: "tool_start", detail: "make" },
      { kind: "tool_failed", detail: "Exit code 2" },
    ];
    await bus.publishStored(`agent.${id}.event`, { ...call, ...start, ...numbered, seq });
    await bus.publishStored(`agent.${id}.event`, { ...call, ...failed, ...numbered, seq: seq + 1 });
  }
}

const alerts = (id: string) =>
  run.server.alerts
    .open()
    .filter(({ agent_id }) => agent_id === id)
    .map(({ kind, about, message }) => `${kind} ${about}: ${message}`);
const holds = () => run.server.holding.holdsOf(ada).map(({ words }) => words);
const resumes = () => run.server.fleet.require("ada").commands.filter(({ type }) => type === "resume");

test("without pause it only tells; an agent whose profile has no watchdog is left alone", async () => {
  for (const id of ["bob", "eve"]) await fail(id, 3);
  await until("bob's alert", () => alerts("bob").length === 1);
  expect(alerts("bob")[0]).toMatch(
    /^watchdog failing: bob: Bash make has failed [23] times, and nothing has changed$/,
  );
  const usage = { source: "results", tokens_used: 9, context_tokens: 600, context_window: 1_000 };
  const context = { agent_id: "bob", kind: "usage", instance_id: "run-bob", usage };
  await bus.publishStored("agent.bob.event", context);
  await until("the other alert", () => alerts("bob").some((each) => each.startsWith("watchdog context")));
  await run.server.readAll(bob);
  expect(run.server.holding.holdsOf(bob)).toEqual([]);
  expect(alerts("eve")).toEqual([]);
});

test("with pause it holds the agent until a person lets it go on, and holds it again only after as many failures more", async () => {
  await fail("ada", 2);
  await until("it is held", () => holds().length === 1);
  expect(holds()).toEqual(["Bash make has failed 2 times, and nothing has changed"]);
  await until("its need", () => run.server.fleet.require("ada").needs.some(({ kind }) => kind === "stuck"));
  expect(run.server.fleet.require("ada").needs[0]?.hint).toBe("let it go on: cliai resume ada");
  await until("it is paused", () =>
    run.server.fleet.require("ada").commands.some(({ type, from }) => type === "pause" && from === "cliai"),
  );
  await run.server.sendCommand({ id: ada, type: "resume", from: "mia" });
  await until("it goes on", () => holds().length === 0 && resumes().length === 1);
  await fail("ada", 1);
  await run.server.readAll(ada);
  expect(holds()).toEqual([]);
  await fail("ada", 1);
  await until("it is held again", () => holds().length === 1);
  expect(holds()[0]).toContain("4 times");
});

test("the end of the run ends the hold and the alert", async () => {
  await beat("ada", { same_call: 2, act: "pause" }, "next-run");
  await bus.publishStored("agent.ada.event", {
    agent_id: "ada",
    kind: "session_start",
    instance_id: "next-run",
  });
  await until("it is let go", () => holds().length === 0 && alerts("ada").length === 0);
});

const start = Date.parse("2026-01-01T01:00:00.000Z");
const iso = (ms: number) => new Date(ms).toISOString();
const session = {
  ...{ started_at: iso(start), tools: [], generation: 1, seq: 1, session_id: "s1", instance_id: "r1" },
  ...{ turn: { since: iso(start) }, last_event_at: iso(start) },
};
const watchdog = { same_call: 5, silent_min: 20, context_percent: 90, act: "alert" } as const;

function watched(held: readonly Hold[] = [], keys: { readonly unchanged_min?: number } = {}) {
  const calls = createCallBooks();
  let nowMs = start;
  let more: Partial<AgentRecord> = {};
  let look = () => {};
  const raised: string[] = [];
  const letGo: string[] = [];
  const view = (): AgentView =>
    viewAgent(
      recordOf({
        heartbeat: { at: iso(nowMs), interval_s: 15, instance_id: "r1", watchdog: { ...watchdog, ...keys } },
        ...{ session, first_seen: iso(start), ...more },
      }),
      new Date(nowMs),
    );
  const fleet: Pick<FleetState, "get" | "list" | "onChange"> = {
    get: view,
    list: () => [view()],
    onChange(listener) {
      look = () => listener({ ids: [ada] } as unknown as Parameters<typeof listener>[0]);
      return () => undefined;
    },
  };
  const end = startWatchdog({
    fleet,
    calls,
    alerts: { open: () => [], resolve: () => undefined, raise: ({ message }) => raised.push(message) },
    holding: {
      hold: () => Promise.resolve(true),
      letGo: async (_, __, source) => void letGo.push(source),
      ...{ holdsOf: () => held, overriddenOf: () => [] },
    },
    lease: { isLeader: () => true },
    now: () => new Date(nowMs),
    log: { debug: () => undefined } as unknown as Logger,
  });
  return {
    raised,
    letGo,
    end,
    /** The watchdog looks every few seconds for so many minutes. */
    async minutes(count: number) {
      for (let looks = 0; looks < count * 12; looks += 1) {
        nowMs += 5_000;
        look();
        // The look ends in a few steps without a wait.
        for (let steps = 0; steps < 8; steps += 1) await Promise.resolve();
      }
    },
    sleeps(minutes: number) {
      nowMs += minutes * 60_000;
    },
    /** A tool of the agent ends. */
    tool(...files: readonly string[]) {
      const message = {
        kind: "tool_end",
        tool: "Edit",
        instance_id: "r1",
        files: files.map((path) => ({ path })),
      };
      calls.take({ type: "event", id: ada, at: iso(nowMs), audit_seq: 1, message });
      more = { session: { ...session, last_event_at: iso(nowMs) } };
    },
    becomes(fields: Partial<AgentRecord>) {
      more = fields;
    },
    at: () => iso(nowMs),
  };
}
const applied = (type: "pause" | "resume", at: string, seq: number) => ({
  ...orderOf(type, { state: "applied", at }),
  ...{ issued_at: at, stream_seq: seq, command_id: `${type}-${seq}` },
});

test("an agent that works on in silence is found, and not before its minutes are over", async () => {
  const run = watched();
  await run.minutes(19);
  expect(run.raised).toEqual([]);
  await run.minutes(2);
  expect(run.raised[0]).toBe("ada: no event and no changed file for 20 minutes of its turn");
  run.end();
});

test("an agent that is busy and changes no file is found, if its profile asks for that, and anew after a change", async () => {
  const [plain, run] = [watched(), watched([], { unchanged_min: 30 })];
  const works = async (minutes: number, ...files: string[]) => {
    for (const each of [plain, run]) {
      for (let minute = 0; minute < minutes; minute += 1) {
        each.tool();
        await each.minutes(1);
      }
      each.tool(...files);
    }
  };
  await works(29, "/p/a.ts");
  await works(29);
  expect(run.raised).toEqual([]);
  await works(1);
  expect(run.raised[0]).toBe("ada: no tool has changed a file for 30 minutes of its turn");
  expect(plain.raised).toEqual([]);
  plain.end();
  run.end();
});

test("what was paused for an hour is not found when it goes on, but after as many minutes as any other", async () => {
  const run = watched();
  const paused = applied("pause", run.at(), 1);
  run.becomes({ commands: [paused] });
  await run.minutes(60);
  run.becomes({ commands: [paused, applied("resume", run.at(), 2)] });
  await run.minutes(19);
  expect(run.raised).toEqual([]);
  await run.minutes(2);
  expect(run.raised).not.toEqual([]);
  run.end();
});

test("a machine that has slept in an open turn, and a late answer, begin the minutes anew", async () => {
  const run = watched();
  await run.minutes(1);
  run.sleeps(480);
  await run.minutes(19);
  expect(run.raised).toEqual([]);
  run.becomes({
    requests: [{ request_id: "q", kind: "question", asked_at: run.at(), summary: "left?" }],
    session: { ...session, tools: [{ tool: "mcp__cliai__ask_human", since: iso(start) }] },
  });
  await run.minutes(30);
  run.becomes({});
  await run.minutes(19);
  expect(run.raised).toEqual([]);
  run.end();
});

test("what it holds stays held over a lost connection, and is let go with the end of the run", async () => {
  const hold: Hold = {
    ...{ reason: "watchdog", source: "silent", cause: "r1 silent", words: "silent" },
    ...{ since: iso(start), after_seq: 0 },
  };
  const run = watched([hold]);
  const at = iso(start + 3_600_000);
  run.becomes({ connection: { isUp: false, at, client: "s 1", started_at: iso(start), instance_id: "r1" } });
  await run.minutes(2);
  expect(run.letGo).toEqual([]);
  run.becomes({ said: { status: "ended", at: iso(start), since: iso(start), source: "status" } });
  await run.minutes(1);
  expect(run.letGo).not.toEqual([]);
  run.end();
});
