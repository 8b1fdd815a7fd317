// What follows from a budget that is used up, on a real nats-server: the hold, the request, its answers, a restart, a stop.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Limit } from "../../../src/domain/budgets/budget.ts";
import type { MeasuredBudget } from "../../../src/domain/budgets/measure.ts";
import { runSpan } from "../../../src/domain/budgets/periods.ts";
import type { HeartbeatEvidence } from "../../../src/domain/fleet/agent-record.ts";
import { isOpen } from "../../../src/domain/requests.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { decodeMessage } from "../../../src/domain/wire/decode.ts";
import { ToolResponseSchema } from "../../../src/domain/wire/tool-messages.ts";
import { silentLogger } from "../../../src/log.ts";
import type { ConnectionEvent } from "../../../src/nats/accounts/system-account.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { createBudgetActs } from "../../../src/server/budgets/act-on-budgets.ts";
import { ago, beatOf, now, recordOf } from "../../support/agent-records.ts";
import { ada, bob } from "../../support/agents.ts";
import { dayZone } from "../../support/day-zone.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

let run: TestServer;
let bus: Bus;
let tellConnection: (event: ConnectionEvent) => void;

beforeAll(async () => {
  run = await startTestServer({
    budgets: { zone: dayZone, prices: () => new Map() },
    followConnections(onEvent) {
      tellConnection = onEvent;
      return () => undefined;
    },
  });
  bus = await run.nats.bus("agents");
  for (const [id, role] of [
    ["ada", "agent"],
    ["bob", "agent"],
    ["eve", "captain"],
  ] as const) {
    const facts = {
      status: "working",
      interval_s: 3_600,
      config_name: id === "eve" ? "lead" : "coder",
      role,
    };
    bus.publish(`agent.${id}.heartbeat`, { agent_id: id, instance_id: `run-${id}`, ...facts });
    await until(`${id} is known`, () => run.server.fleet.list().some(({ agent_id }) => agent_id === id));
  }
});
afterAll(() => run[Symbol.asyncDispose]());

const told = new Map<string, { tokens_used: number; estimated_cost: number }>();

async function spend(id: string, dollars: number): Promise<void> {
  const { tokens_used, estimated_cost } = told.get(id) ?? { tokens_used: 0, estimated_cost: 0 };
  const after = { tokens_used: tokens_used + 100, estimated_cost: estimated_cost + dollars };
  told.set(id, after);
  const usage = { source: "results", model: "opus", ...after };
  await bus.publishStored(`agent.${id}.event`, {
    agent_id: id,
    kind: "usage",
    instance_id: `run-${id}`,
    usage,
  });
}

const view = (id = ada) => run.server.fleet.require(id);
const holds = (id = ada) => run.server.holding.holdsOf(id).map(({ words }) => words);
const orders = (id = ada) => view(id).commands.map(({ type, from }) => `${type} by ${from}`);
const open = () => run.server.requests.open().filter(({ kind }) => kind === "budget");
const perDay = (amount: number): Limit => ({ unit: "usd", amount, per: "day" });
const ofCoders = { kind: "profile", name: "coder" } as const;

test("at 100 % all agents of the budget are held, and one request says of whom, by how much, and what can be answered", async () => {
  await run.server.budgets.set({ scope: ofCoders, limit: perDay(10) }, "mia");
  await spend("ada", 9);
  await until("the alert", () => run.server.alerts.open().some(({ kind }) => kind === "budget_near"));
  expect(open()).toEqual([]);
  await spend("bob", 1.5);
  const words = "the budget of profile coder, $10.00 a day is used up";
  for (const id of [ada, bob]) {
    await until(`${id} is held`, () => holds(id).includes(words));
    await until(`${id} is paused`, () => orders(id).includes("pause by cliai"));
  }
  await until("the request", () => open().length === 1);
  const [request] = open();
  expect(request).toMatchObject({
    ...{ agent_id: "ada", choices: ["add $10.00", "add $5.00", "stop"] },
    question: `${words}: $10.50 of $10.00 (105 %), $0.50 over. How much more for this day, or stop 2 agents?`,
    context: "held until it is answered: ada, bob",
  });
  await until("the need", () => view().needs.some(({ kind }) => kind === "budget"));
  expect(view().axes.attention.value).toBe("budget");
  expect(run.server.fleet.list().flatMap(({ needs }) => needs)).toHaveLength(1);
});

test("no agent decides it, not even a captain, and none is told of it", async () => {
  const [request_id = ""] = open().map((each) => each.request_id);
  const call = async (id: string, tool: string, args: object) => {
    const body = { request_id: crypto.randomUUID(), tool, arguments: args, instance_id: `run-${id}` };
    const data = await bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 });
    return decodeMessage(ToolResponseSchema, data);
  };
  const decided = await call("eve", "decide", { request_id, decision: "add 100", reason: "go" });
  expect(decided.error).toContain("only a person decides it");
  expect((await call("ada", "withdraw_request", { request_id })).error).toContain("serve's, not yours");
  expect(run.server.fleet.list().find(({ agent_id }) => agent_id === "eve")?.commands).toEqual([]);
  expect(open()).toHaveLength(1);
});

test("an answer that is neither an amount nor a stop is refused, and the request waits on, over a restart", async () => {
  const [request_id = ""] = open().map((each) => each.request_id);
  const answer = (text: string) => run.server.requests.answer(request_id, { text }, "kim (page)");
  await expect(answer("go on")).rejects.toThrow("takes an amount, or stop");
  await expect(answer("add 5k")).rejects.toThrow("takes an amount, or stop");
  run = await run.restart();
  await until("the sums are read", () => run.server.spending.isComplete());
  await until("the budgets are known", () => run.server.budgets.list()[0]?.now[0]?.level === "reached");
  expect(open().map((each) => each.request_id)).toEqual([request_id]);
  expect(holds()).toHaveLength(1);
  expect(orders().filter((order) => order === "pause by cliai")).toHaveLength(1);
});

test("an answered amount is added by the name of who gave it, and lets the agents go; the next end asks anew", async () => {
  const [request_id = ""] = open().map((each) => each.request_id);
  await run.server.requests.answer(request_id, { text: "2" }, "kim (page)");
  await until("the raise", () => run.server.budgets.list()[0]?.now[0]?.amount === 15);
  expect(run.server.budgets.list()[0]?.raises).toMatchObject([
    { by: "kim (page)", by_amount: 5, request_id },
  ]);
  for (const id of [ada, bob]) await until(`${id} goes on`, () => orders(id).includes("resume by cliai"));
  expect(holds()).toEqual([]);
  expect(view().commands.filter(({ type }) => type === "message")).toEqual([]);
  await spend("ada", 5);
  await until("it is asked again", () => open().length === 1);
  expect(open()[0]?.choices?.[0]).toBe("add $15.00");
});

test("a person who resumes an agent overrides the budget for it alone; with nobody held, nothing is asked", async () => {
  await until("both are held", () => holds().length === 1 && holds(bob).length === 1);
  await run.server.sendCommand({ id: ada, type: "resume", from: "mia" });
  await until("ada is let go", () => holds().length === 0);
  expect(holds(bob)).toHaveLength(1);
  await run.server.sendCommand({ id: bob, type: "resume", from: "mia" });
  await until("nothing is asked", () => open().length === 0);
  const over = run.server.requests.all().filter((each) => each.kind === "budget" && !isOpen(each));
  expect(over.map(({ state }) => state).sort()).toEqual(["answered", "withdrawn"]);
});

test("a run that loses its connection stays held, and its request stays open until it has ended", async () => {
  const eve = parseAgentId("eve");
  const perRun: Limit = { unit: "usd", amount: 1, per: "run" };
  const { budget_id } = await run.server.budgets.set(
    { scope: { kind: "agent", name: eve }, limit: perRun },
    "mia",
  );
  await spend("eve", 2);
  const ofEve = () => open().filter(({ agent_id }) => agent_id === eve);
  await until("eve is held and asked about", () => holds(eve).length === 1 && ofEve().length === 1);
  const asked = ofEve().map(({ request_id }) => request_id);
  const connection = { id: eve, instanceId: "run-eve", client: "1", startedAt: new Date().toISOString() };
  tellConnection({ ...connection, isUp: false, reason: "Stale Connection" });
  await until("eve is offline", () => view(eve).axes.link.value === "offline");
  const levelOf = () => run.server.budgets.list().find((each) => each.budget_id === budget_id)?.now[0]?.level;
  expect(levelOf()).toBe("reached");
  // What is done for bob here shows that all budgets were looked at meanwhile.
  const ofBob = await run.server.budgets.set(
    { scope: { kind: "agent", name: "bob" }, limit: perDay(0.5) },
    "mia",
  );
  await until("bob is held once more", () => holds(bob).some((words) => words.includes("$0.50")));
  await until("it is asked about bob", () => open().some(({ agent_id }) => agent_id === "bob"));
  tellConnection({ ...connection, client: "2", startedAt: new Date().toISOString(), isUp: true });
  await until("eve is back", () => view(eve).axes.link.value === "online");
  expect(holds(eve)).toHaveLength(1);
  expect(ofEve().map(({ request_id }) => request_id)).toEqual(asked);
  expect(orders(eve)).not.toContain("resume by cliai");

  await bus.publishStored("agent.eve.status", { agent_id: eve, status: "ended", instance_id: "run-eve" });
  await until("its run has ended", () => holds(eve).length === 0 && ofEve().length === 0);
  await run.server.budgets.remove(ofBob.budget_id, "mia");
  await until("nothing is asked any more", () => open().length === 0);
});

test("stop as the answer stops the agents; a hard budget does it without asking", async () => {
  await run.server.budgets.set({ scope: { kind: "agent", name: "bob" }, limit: perDay(1) }, "mia");
  await until("bob's request", () => open().some(({ agent_id }) => agent_id === "bob"));
  const [request] = open();
  await run.server.requests.answer(request?.request_id ?? "", { text: "3" }, "kim");
  await until("bob is stopped", () => orders(bob).includes("stop by cliai"));
  const hard = { ...perDay(1), hard: true } as const;
  await run.server.budgets.set({ scope: { kind: "agent", name: "ada" }, limit: hard }, "mia");
  await until("ada is stopped", () => orders().includes("stop by cliai"));
  expect(view().commands.findLast(({ type }) => type === "stop")?.summary ?? "").toContain(
    "the budget of agent ada",
  );
  await until("the alert", () => run.server.alerts.open().some(({ kind }) => kind === "budget_stopped"));
  expect(open().filter(({ agent_id }) => agent_id === "ada")).toEqual([]);
});

test("a hard budget holds an agent in its turn first, and stops it by force when it waits at a tool call", async () => {
  const id = parseAgentId("kit");
  const facts = { agent_id: id, status: "working", interval_s: 3_600, instance_id: "run-kit" };
  bus.publish("agent.kit.heartbeat", facts);
  const session = { agent_id: id, instance_id: "run-kit", session_id: "s", generation: 1 };
  await bus.publishStored("agent.kit.event", { ...session, kind: "session_start", seq: 1 });
  await bus.publishStored("agent.kit.event", { ...session, kind: "prompt", seq: 2 });
  await until("its turn is open", () => run.server.fleet.get(id)?.session?.turn !== undefined);
  const limit = { unit: "usd", amount: 1, per: "run", hard: true } as const;
  await run.server.budgets.set({ scope: { kind: "agent", name: id }, limit }, "mia");
  await spend(id, 2);
  await until("it is told to pause", () => orders(id).includes("pause by cliai"));
  expect(holds(id)).toHaveLength(1);
  expect(orders(id)).not.toContain("stop by cliai");
  const [pause] = view(id).commands;
  const receipt = { command_id: pause?.command_id, stream_seq: pause?.stream_seq, instance_id: "run-kit" };
  for (const state of ["delivered", "applied"])
    await bus.publishStored("agent.kit.receipt", { ...receipt, agent_id: id, state });
  await until("it is stopped", () => orders(id).includes("stop by cliai"));
  expect(view(id).commands.findLast(({ type }) => type === "stop")?.summary).toContain("$1.00 over");
});

/** A hard budget of ada, whose turn runs a tool, looked at by a clock that the test sets. */
function actsOnHardBudget(heartbeat: Partial<HeartbeatEvidence> = {}) {
  const record = recordOf({
    heartbeat: beatOf(5, { instance_id: "run-ada", ...heartbeat }),
    session: { started_at: ago(60), last_event_at: ago(50), turn: { since: ago(50) }, tools: [] },
  });
  const stops: unknown[] = [];
  const clock = { ms: 0 };
  const acts = createBudgetActs({
    bus: {
      ...bus,
      publishStored: async (_subject, order) => ({ seq: stops.push(order), duplicate: false }),
    },
    fleet: { record: () => record, records: () => [record].values() },
    budgets: { measure: () => [], raise: () => Promise.reject(new Error("nobody adds to it")) },
    requests: {
      all: () => [],
      ask: () => Promise.reject(new Error("nobody is asked")),
      decide: () => Promise.reject(new Error("nothing is decided")),
    },
    holding: {
      hold: async () => true,
      letGo: async () => undefined,
      holdsOf: () => [],
      overriddenOf: () => [],
    },
    now: () => now,
    elapsedMs: () => clock.ms,
    log: silentLogger,
  });
  const made = { budget_id: "b-0a1b2c3d", made_by: "mia", made_at: ago(600), raises: [] };
  const limit = { unit: "usd", amount: 1, per: "run", hard: true } as const;
  const usedUp: MeasuredBudget = {
    ...{ budget: { ...made, ...limit, scope: { kind: "agent", name: ada } }, agent_id: ada },
    ...{ agents: [ada], resting: [], away: [], span: runSpan("run-ada"), amount: 1, level: "reached" },
    ...{ spent: 2, estimated: 0, unpriced_tokens: 0, unpriced_models: [] },
  };
  return {
    stops,
    async lookAt(atMs: number, measured: readonly MeasuredBudget[] = [usedUp]) {
      clock.ms = atMs;
      await acts.act(measured);
    },
  };
}

test("createBudgetActs() > a hard budget that was raised in time gives the agent its 20 s anew when it is used up again", async () => {
  const { stops, lookAt } = actsOnHardBudget();
  await lookAt(0);
  await lookAt(10_000, []);
  await lookAt(60_000);
  await lookAt(79_000);
  expect(stops).toEqual([]);
  await lookAt(80_000);
  expect(stops).toMatchObject([{ type: "stop", run: "run-ada", payload: { force: true } }]);
});

test("createBudgetActs() > a hard budget stops an agent that nothing can hold at once, also in its turn", async () => {
  const { stops, lookAt } = actsOnHardBudget({ unheld: "its hooks are off" });
  await lookAt(0);
  expect(stops).toMatchObject([{ type: "stop", payload: { force: true } }]);
});
