// Budgets on a real nats-server: what is measured, which alerts there are, what stands in AUDIT, and what a restart leaves.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { BudgetScope, Limit } from "../../../src/domain/budgets/budget.ts";
import type { AgentId } from "../../../src/domain/wire/agent-id.ts";
import { buckets } from "../../../src/domain/wire/subjects.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { openExistingBucket } from "../../../src/nats/jetstream/bucket.ts";
import { askForBudgets } from "../../../src/server/budgets/budgets-by-operator.ts";
import { dayZone } from "../../support/day-zone.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

let run: TestServer;
let bus: Bus;
const fleet: BudgetScope = { kind: "fleet" };
const ofAda: BudgetScope = { kind: "agent", name: "ada" };
const perDay = (amount: number): Limit => ({ unit: "usd", amount, per: "day" });

beforeAll(async () => {
  run = await startTestServer({ budgets: { zone: dayZone, prices: () => new Map() } });
  bus = await run.nats.bus("agents");
  for (const id of ["ada", "bob"]) {
    const facts = { status: "working", interval_s: 3_600, config_name: "coder", project_path: "/p/shop" };
    bus.publish(`agent.${id}.heartbeat`, { agent_id: id, instance_id: `run-${id}`, ...facts });
    await until(`${id} is known`, () => run.server.fleet.get(id as AgentId) !== undefined);
  }
});
afterAll(() => run[Symbol.asyncDispose]());

const sums = new Map<string, { tokens_used: number; estimated_cost: number }>();

async function spend(id: string, dollars: number): Promise<void> {
  const before = sums.get(id) ?? { tokens_used: 0, estimated_cost: 0 };
  const after = {
    tokens_used: before.tokens_used + 1_000,
    estimated_cost: before.estimated_cost + dollars,
  };
  sums.set(id, after);
  const usage = { source: "results", model: "opus", ...after };
  await bus.publishStored(`agent.${id}.event`, {
    agent_id: id,
    kind: "usage",
    instance_id: `run-${id}`,
    usage,
  });
}

const alerts = () =>
  run.server.alerts
    .open()
    .map(({ kind, message, about }) => `${kind} ${about}: ${message}`)
    .sort();
const acts = async () => {
  const { records } = await run.server.history.page({ kind: "budget" }, { limit: 50 });
  return records.map(({ message }) => message as Record<string, string>).reverse();
};

test("two budgets over one agent each raise an alert of their own at 80 %, and another one when they are used up", async () => {
  const ofAgent = await run.server.budgets.set({ scope: ofAda, limit: perDay(10) }, "mia");
  const ofFleet = await run.server.budgets.set({ scope: fleet, limit: perDay(12) }, "mia");
  expect(ofFleet.agents).toEqual(["ada", "bob"]);
  await spend("ada", 8);
  const near = `budget_near ${ofAgent.budget_id}: the budget of agent ada, $10.00 a day is nearly used up: $8.00 of $10.00 (80 %)`;
  await until("the alert of ada's", () => alerts().includes(near));
  await spend("bob", 2.5);
  await until("the alert of the fleet's", () => alerts().length === 2);
  await spend("ada", 3);
  await until("both are used up", () => alerts().every((each) => each.startsWith("budget_reached")));
  expect(alerts().join("\n")).toContain("$11.00 of $10.00 (110 %), $1.00 over");
  expect(alerts().join("\n")).toContain("the budget of the fleet, $12.00 a day is used up: $13.50 of $12.00");
});

test("budgets and alerts outlive a restart, and no alert is raised twice", async () => {
  const before = run.server.alerts.open().map(({ alert_id }) => alert_id);
  const listed = run.server.budgets.list().map(({ budget_id }) => budget_id);
  run = await run.restart();
  await until("the sums are read", () => run.server.spending.isComplete());
  expect(run.server.budgets.list().map(({ budget_id }) => budget_id)).toEqual(listed);
  await until("the budgets are measured", () => run.server.budgets.list()[0]?.now[0]?.spent === 11);
  await spend("bob", 0.25);
  await until("what follows is counted", () => run.server.budgets.list()[1]?.now[0]?.spent === 13.75);
  expect(run.server.alerts.open().map(({ alert_id }) => alert_id)).toEqual(before);
});

test("what a person adds ends the alert, counts today only, and stands in the audit by their name", async () => {
  const [budget] = run.server.budgets.list();
  const budget_id = budget?.budget_id ?? "";
  const [raised] = await askForBudgets(bus, { raise: { budget_id, by_amount: 20 }, by: "kim (page)" });
  expect(raised?.now).toMatchObject([{ amount: 30, level: "under" }]);
  await until("its alert has ended", () => alerts().every((each) => !each.includes(budget_id)));
  expect((await acts()).at(-1)).toMatchObject({
    ...{ act: "raised", budget_id, from: "kim (page)", agent_id: "ada" },
    message: expect.stringContaining("raised: by 20 usd in "),
  });
  await askForBudgets(bus, { remove: budget_id, by: "kim" });
  expect(run.server.budgets.list().map(({ scope }) => scope)).toEqual([fleet]);
  await expect(askForBudgets(bus, { remove: budget_id, by: "kim" })).rejects.toThrow("no budget");
});

test("of several changes at once none is lost: all that people have added counts, and each limit is the last one", async () => {
  const { budget_id, now } = await run.server.budgets.set(
    { scope: { kind: "agent", name: "bob" }, limit: perDay(1) },
    "mia",
  );
  expect(now).toMatchObject([{ amount: 1 }]);
  const raises = [1, 2, 3, 4].map((by_amount) =>
    askForBudgets(bus, { raise: { budget_id, by_amount }, by: "kim" }),
  );
  await Promise.all([
    ...raises,
    run.server.budgets.set({ scope: { kind: "agent", name: "bob" }, limit: perDay(2) }, "mia"),
  ]);
  const ofBob = () => run.server.budgets.list().find((each) => each.budget_id === budget_id);
  expect(ofBob()).toMatchObject({ amount: 2, now: [{ amount: 12 }] });
  await askForBudgets(bus, { remove: budget_id, by: "kim" });
});

test("what was added for a run counts as long as it lasts, however often others are given more; what is over is dropped", async () => {
  const perRun: Limit = { unit: "usd", amount: 1, per: "run" };
  const { budget_id } = await run.server.budgets.set({ scope: fleet, limit: perRun }, "mia");
  const give = (agent_id: string) =>
    askForBudgets(bus, { raise: { budget_id, by_amount: 1, agent_id: agent_id as AgentId }, by: "kim" });
  await give("ada");
  for (let count = 0; count < 51; count += 1) await give("bob");
  const ofFleet = () => run.server.budgets.list().find((each) => each.budget_id === budget_id);
  const amounts = () =>
    ofFleet()
      ?.now.map(({ agent_id, amount }) => `${agent_id} ${amount}`)
      .sort();
  expect(amounts()).toEqual(["ada 2", "bob 52"]);

  bus.publish("agent.bob.heartbeat", { agent_id: "bob", instance_id: "run-bob-2", interval_s: 3_600 });
  bus.publish("agent.bob.status", { agent_id: "bob", instance_id: "run-bob", status: "ended" });
  await until("bob runs anew", () => amounts()?.includes("bob 1") === true);
  await give("bob");
  expect(ofFleet()?.raises.map(({ period }) => period)).toEqual(["run:run-ada", "run:run-bob-2"]);
  await askForBudgets(bus, { remove: budget_id, by: "kim" });
});

test("a project is kept by its absolute path, whoever names it", async () => {
  const set = (name: string) =>
    run.server.budgets.set({ scope: { kind: "project", name }, limit: perDay(50) }, "mia");
  const { budget_id, scope, agents } = await set("/p/shop/");
  expect([scope.name, agents]).toEqual(["/p/shop", ["ada", "bob"]]);
  expect((await set("/p/shop")).budget_id).toBe(budget_id);
  await expect(set("shop")).rejects.toThrow('the project "shop" is not an absolute path');
  await askForBudgets(bus, { remove: budget_id, by: "kim" });
});

test("a launch replaces the budgets of the launch before, and leaves those of a person", async () => {
  await run.server.budgets.set({ scope: ofAda, limit: { unit: "tokens", amount: 5_000, per: "day" } }, "mia");
  const launch = (...limits: Limit[]) =>
    askForBudgets(bus, { launched: { agent_id: "ada" as AgentId, limits }, by: "mia" });
  const perRun: Limit = { unit: "usd", amount: 1, per: "run" };
  await launch(perRun, { unit: "tokens", amount: 9, per: "day" });
  const ofAgent = () =>
    run.server.budgets
      .list()
      .filter(({ scope }) => scope.kind === "agent")
      .map(({ unit, amount, per }) => `${amount} ${unit} ${per}`);
  expect(ofAgent()).toEqual(["5000 tokens day", "1 usd run"]);
  await launch({ unit: "usd", amount: 2, per: "month" });
  expect(ofAgent()).toEqual(["5000 tokens day", "2 usd month"]);
});

test("tokens without a price are said to be unknown, and do not count as nothing", async () => {
  const usage = { source: "telemetry", tokens_used: 4_000, model: "mystery" };
  await bus.publishStored("agent.bob.event", { agent_id: "bob", kind: "usage", instance_id: "run-2", usage });
  await until("the alert", () =>
    alerts().some(
      (each) => each.startsWith("budget_unknown") && each.includes("4k tokens of mystery have no price"),
    ),
  );
});

test("budgets of launches leave room for others, and go with their agent when it is removed", async () => {
  const serve = await openExistingBucket(run.bus, buckets.serve);
  const limit = { unit: "usd", amount: 1, per: "run" } as const;
  const made = { ...limit, made_by: "mia", made_at: "2026-11-01T00:00:00Z", of_launch: true, raises: [] };
  const ids = Array.from({ length: 500 }, (_, count) => `b-${String(count).padStart(8, "0")}`);
  await Promise.all(
    ids.map((budget_id) => {
      const scope = { kind: "agent", name: `a${budget_id}` };
      return serve.put(`budget.${budget_id}`, { budget_id, scope, ...made });
    }),
  );
  await until("they are known", () => run.server.budgets.list().length >= ids.length);
  const launched = { agent_id: "bob" as AgentId, limits: [limit] };
  expect(await askForBudgets(bus, { launched, by: "mia" })).toHaveLength(1);
  const ofTag = await run.server.budgets.set({ scope: { kind: "tag", name: "night" }, limit }, "mia");

  await run.server.budgets.set({ scope: { kind: "agent", name: "bob" }, limit: perDay(7) }, "mia");
  const ofBob = () => run.server.budgets.list().filter(({ scope }) => scope.name === "bob");
  expect(ofBob()).toHaveLength(2);
  await (await openExistingBucket(run.bus, buckets.agents)).delete("bob");
  await until("bob's budgets are gone", () => ofBob().length === 0);
  expect(run.server.budgets.list()).toContainEqual(ofTag);
  const told = (await acts()).filter(({ from }) => from === "cliai (bob was removed)");
  expect(told.map(({ act, agent_id }) => `${act} ${agent_id}`)).toEqual(["removed bob", "removed bob"]);
});
