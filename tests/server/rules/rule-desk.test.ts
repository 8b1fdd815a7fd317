// Standing rules on a real nats-server: what they answer, what they leave to a person, what stands in AUDIT of it.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type RuleScope, ruleForNow, signatureOfRule } from "../../../src/domain/rules/standing-rule.ts";
import type { AgentId } from "../../../src/domain/wire/agent-id.ts";
import { decodeMessage } from "../../../src/domain/wire/decode.ts";
import { ToolResponseSchema } from "../../../src/domain/wire/tool-messages.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { openRuleDesk } from "../../../src/server/rules/rule-desk.ts";
import { askForRules } from "../../../src/server/rules/rules-by-operator.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

let run: TestServer;
let bus: Bus;
const project = "/work/shop";

beforeAll(async () => {
  run = await startTestServer();
  bus = await run.nats.bus("agents");
  for (const id of ["ada", "bob", "eve"]) await beat(id);
  await beat("far", { project_path: "/work/other" });
  await beat("off", { host: "barn" });
});
afterAll(() => run[Symbol.asyncDispose]());

async function beat(id: string, more: object = {}): Promise<void> {
  const facts = {
    status: "working",
    interval_s: 3_600,
    config_name: "coder",
    project_path: project,
    host: "mill",
    ...more,
  };
  bus.publish(`agent.${id}.heartbeat`, { agent_id: id, instance_id: `run-${id}`, ...facts });
  await waitFor(() => run.server.fleet.list().some(({ agent_id }) => agent_id === id), { what: id });
}

/** What the page shows of the agents with the usual facts. */
const shown = (scope: RuleScope) =>
  ruleForNow(scope, { config_name: "coder", project_path: project, host: "mill" });

interface Outcome {
  readonly request_id: string;
  readonly approved?: boolean;
  readonly by?: string;
}

async function permit(id: string, command: string, more: object = {}, run = `run-${id}`): Promise<Outcome> {
  const input = JSON.stringify({ command, description: `words ${crypto.randomUUID()}` });
  const args = { tool: "Bash", input, wait_s: 0, ...more };
  const instance = { instance_id: run };
  const body = { request_id: crypto.randomUUID(), tool: "request_permission", arguments: args, ...instance };
  const data = await bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 });
  return decodeMessage(ToolResponseSchema, data).result as Outcome;
}

async function approve({ request_id }: Outcome): Promise<string> {
  await run.server.requests.answer(request_id, { approved: true }, "dashboard");
  return request_id;
}

const acts = async () => {
  const { records } = await run.server.history.page({ kind: "rule" }, { limit: 50 });
  return records.map(({ message }) => message as Record<string, string>).reverse();
};

test("a rule for a profile answers the same input of all its agents in the project, and nothing else", async () => {
  const first = await permit("ada", "npm test");
  const waiting = await permit("bob", "npm test");
  const other = await permit("bob", "npm test; rm -r /");
  const rule = await run.server.rules.make(await approve(first), shown("profile"), "dashboard");
  const by = signatureOfRule(rule);
  // What waited already is answered, too.
  expect(run.server.requests.get(waiting.request_id)).toMatchObject({ answer: { by, approved: true } });
  expect(run.server.requests.get(other.request_id)?.state).toBe("asked");

  expect(await permit("eve", "npm test")).toMatchObject({ approved: true, by });
  expect((await permit("far", "npm test")).approved).toBeUndefined();
  expect((await permit("off", "npm test")).approved).toBeUndefined();
  expect((await permit("eve", "npm test ")).approved).toBeUndefined();
  expect((await permit("eve", "npm test", { tool: "Shell" })).approved).toBeUndefined();
  expect((await permit("eve", "npm test", { plan: true })).approved).toBeUndefined();
  // Nobody was asked: no need, and no request that waits.
  const open = run.server.requests.open().filter(({ agent_id }) => agent_id === "eve");
  expect(open).toHaveLength(3);

  expect(run.server.rules.list()).toMatchObject([{ rule_id: rule.rule_id, used: 2 }]);
  expect(await acts()).toMatchObject([
    { act: "made", rule_id: rule.rule_id, from: "dashboard", input: '{"command":"npm test"}' },
    { act: "used", rule_id: rule.rule_id, from: by, agent_id: "bob", request_id: waiting.request_id },
    { act: "used", rule_id: rule.rule_id, from: by, agent_id: "eve" },
  ]);
});

test("the same rule is made once, outlives a restart, and answers nothing once it is revoked", async () => {
  const [rule] = run.server.rules.list();
  const again = await run.server.rules.make(
    (await permit("ada", "npm test")).request_id,
    shown("profile"),
    "dashboard",
  );
  expect(again.rule_id).toBe(rule?.rule_id ?? "");
  run = await run.restart();
  expect(run.server.rules.list()).toEqual([expect.objectContaining(again)]);
  await waitFor(() => run.server.fleet.list().length === 5, { what: "the fleet" });
  expect((await permit("ada", "npm test")).by).toBe(signatureOfRule(again));

  await run.server.rules.revoke(again.rule_id, "dashboard");
  expect((await permit("ada", "npm test")).approved).toBeUndefined();
  expect((await acts()).at(-1)).toMatchObject({ act: "revoked", rule_id: again.rule_id, from: "dashboard" });
  await expect(run.server.rules.revoke(again.rule_id, "dashboard")).rejects.toThrow("no rule");
});

test("the operator's commands list the rules, and revoke one", async () => {
  const rule = await run.server.rules.make(
    await approve(await permit("eve", "make docs")),
    shown("agent"),
    "api",
  );
  const operator = await run.nats.bus("operator");
  expect(await askForRules(operator, {})).toMatchObject([{ ...rule, used: 0 }]);
  expect(await askForRules(operator, { revoke: rule.rule_id })).toMatchObject([rule]);
  expect(await askForRules(operator, {})).toEqual([]);
  await expect(askForRules(operator, { revoke: rule.rule_id })).rejects.toThrow(`no rule "${rule.rule_id}"`);
});

test("the operator's commands make a rule of a permission that was just approved, as the page does, and are refused as it is", async () => {
  const operator = await run.nats.bus("operator");
  const { request_id } = await permit("eve", "make all");
  const make = { request_id, shown: shown("agent") };
  await expect(askForRules(operator, { make, by: "ann" })).rejects.toThrow("is not approved");
  await approve({ request_id });
  const elsewhere = { request_id, shown: { ...shown("agent"), project: "/work/other" } };
  await expect(askForRules(operator, { make: elsewhere, by: "ann" })).rejects.toThrow(
    'the project of eve is "/work/shop", but "/work/other" was shown',
  );
  const made = await askForRules(operator, { make, by: "ann" });
  expect(made).toMatchObject([
    { scope: "agent", input: '{"command":"make all"}', made_by: "ann", request_id },
  ]);
  expect((await acts()).at(-1)).toMatchObject({ act: "made", from: "ann", request_id });
  expect((await permit("eve", "make all")).by).toBe(`rule ${made[0]?.rule_id}`);
  await askForRules(operator, { revoke: made[0]?.rule_id ?? "", by: "ann" });
  expect((await acts()).at(-1)).toMatchObject({ act: "revoked", from: "ann" });
});

test("a rule for a session ends with the run of its agent", async () => {
  const asked = await permit("bob", "make");
  await expect(run.server.rules.make(asked.request_id, shown("session"), "dashboard")).rejects.toThrow(
    "is not approved",
  );
  const rule = await run.server.rules.make(await approve(asked), shown("session"), "dashboard");
  expect(await permit("bob", "make")).toMatchObject({ approved: true, by: signatureOfRule(rule) });
  expect((await permit("ada", "make")).approved).toBeUndefined();

  await beat("bob", { instance_id: "run-bob-2" });
  await waitFor(() => !run.server.rules.list().some(({ rule_id }) => rule_id === rule.rule_id), {
    what: "the end of the rule",
  });
  const reason = "another run of bob has begun";
  expect(
    (await acts()).filter(({ rule_id, act }) => rule_id === rule.rule_id && act === "ended"),
  ).toMatchObject([
    { from: "serve", agent_id: "bob", reason, message: expect.stringContaining(`(${reason})`) },
  ]);
  expect(run.server.rules.ended()[0]).toMatchObject({ rule_id: rule.rule_id, ended_by: "serve", reason });
});

test("a rule for a profile answers no run that has not itself reported that it is of the profile", async () => {
  const rule = await run.server.rules.make(
    await approve(await permit("ada", "make it")),
    shown("profile"),
    "api",
  );
  expect((await permit("eve", "make it")).by).toBe(signatureOfRule(rule));
  expect((await permit("eve", "make it", {}, "run-unheard")).approved).toBeUndefined();
  const next = { instance_id: "run-next", config_name: undefined };
  await beat("eve", next);
  await waitFor(() => run.server.fleet.get("eve" as AgentId)?.heartbeat?.instance_id === "run-next", {
    what: "the next run",
  });
  expect((await permit("eve", "make it", {}, "run-next")).approved).toBeUndefined();
  const asked = await permit("eve", "make more", {}, "run-next");
  await expect(run.server.rules.make(await approve(asked), shown("agent"), "api")).rejects.toThrow("no rule");
});

test("a rule whose revocation cannot be recorded stands, and can be revoked again", async () => {
  const rule = await run.server.rules.make(
    await approve(await permit("ada", "make x")),
    shown("agent"),
    "api",
  );
  let isDown = true;
  const publishStored: Bus["publishStored"] = (...message) =>
    isDown ? Promise.reject(new Error("AUDIT is full")) : run.bus.publishStored(...message);
  const flaky: Bus = Object.assign(Object.create(run.bus), { publishStored });
  const options = {
    replicas: 1,
    lease: { isLeader: () => false },
    fleet: { record: () => undefined },
    now: () => new Date(),
    log: silentLogger,
  };
  const { desk, stop } = await openRuleDesk(flaky, options);
  const none = () => Promise.reject(new Error("not asked here"));
  const rules = desk({ get: () => undefined, open: () => [], all: () => [], decide: none });
  await expect(rules.revoke(rule.rule_id, "api")).rejects.toThrow("AUDIT is full");
  expect(rules.list().map(({ rule_id }) => rule_id)).toContain(rule.rule_id);
  expect((await permit("ada", "make x")).by).toBe(signatureOfRule(rule));

  isDown = false;
  await rules.revoke(rule.rule_id, "api");
  expect((await acts()).at(-1)).toMatchObject({ act: "revoked", rule_id: rule.rule_id });
  expect((await permit("ada", "make x")).approved).toBeUndefined();
  await stop();
});
