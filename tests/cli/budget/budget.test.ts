// `cliai budget`, the budgets of a launch, and the prices, over a real nats-server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { budgetCommand } from "../../../src/cli/budget/budget.ts";
import { tellBudgets } from "../../../src/cli/budget/launch-budgets.ts";
import { openPrices, parsePrices } from "../../../src/cli/budget/price-file.ts";
import { showCommand } from "../../../src/cli/fleet/show.ts";
import { priceOf } from "../../../src/domain/budgets/prices.ts";
import { createLogger } from "../../../src/log.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { errorOf } from "../../support/error-of.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

let run: TestServer;
let url: string;
beforeAll(async () => {
  run = await startTestServer();
  url = run.nats.url;
  const facts = { agent_id: "ada", status: "working", interval_s: 3_600, instance_id: "r1" };
  run.bus.publish("agent.ada.heartbeat", { ...facts, config_name: "coder", project_path: "/p/shop" });
  await until("ada is known", () => run.server.fleet.get(ada) !== undefined);
});
afterAll(() => run[Symbol.asyncDispose]());

async function budget(...words: string[]): Promise<string> {
  const context = testContext({ cwd: "/p", env: { CLIAI_NO_START: "1", USER: "mia" } });
  expect(await budgetCommand.run([...words, "--url", url], context)).toBe(0);
  return [...context.printed, ...context.noted].join("\n");
}

test("cliai budget sets, lists, raises and removes, and names the agents for which a budget counts", async () => {
  expect(await budget()).toBe("there is no budget; to set one: cliai budget set fleet 20/day");
  const set = await budget("set", "project:shop", "20/day", "--hard");
  const [id = ""] = set.split(" ");
  expect(set).toMatch(
    /^b-\w{8} {2}\$20\.00 a day, hard {2}project \/p\/shop\n {2}\$0\.00 of \$20\.00 \(0 %\)\n {2}set by \S+ at \S+; counts for ada now$/,
  );
  expect(await budget("set", "agent:ada", "5")).toContain("$5.00 a run  agent ada");
  expect(await budget("raise", id, "2.50")).toContain("$0.00 of $22.50 (0 %)");
  await expect(budget("raise", id, "2k")).rejects.toThrow('"2k" is not an amount of US dollars');
  await expect(budget("raise", "b-0", "2")).rejects.toThrow('no budget "b-0"');
  await expect(budget("set", "fleet", "50")).rejects.toThrow("names no run, day or month");
  const listed = run.server.budgets.list();
  expect(listed).toMatchObject([
    { budget_id: id, scope: { kind: "project", name: "/p/shop" }, agents: ["ada"], now: [{ amount: 22.5 }] },
    { scope: { kind: "agent", name: "ada" }, now: [{ agent_id: "ada", period: "run:r1" }] },
  ]);
  expect(await budget("remove", id)).toBe("removed: $20.00 a day, hard for project /p/shop");
});

test("cliai show names the budgets that count for the agent, and what is left of each", async () => {
  const show = async (...flags: string[]) => {
    const context = testContext({
      json: flags.length > 0,
      env: { CLIAI_NO_START: "1", CLIAI_HOME: "/p/none" },
    });
    expect(await showCommand.run(["ada", ...flags, "--url", url], context)).toBe(0);
    return context.printed;
  };
  await budget("set", "tag:night", "7/day");
  const listed = run.server.budgets.list();
  expect((await show()).filter((line) => line.includes(" left; "))).toEqual([
    expect.stringMatching(/^ {2}budget +\$5\.00 a run: \$5\.00 left; \$0\.00 of \$5\.00 \(0 %\)$/),
  ]);
  const [json = ""] = await show("--json");
  const { budgets } = JSON.parse(json);
  expect(listed).toHaveLength(2);
  expect(budgets).toMatchObject([{ scope: { kind: "agent", name: "ada" }, now: [{ left: 5, spent: 0 }] }]);
  const [, night] = listed;
  await budget("remove", night?.budget_id ?? "");
});

test("a launch without a budget asks nobody; one whose budget nobody keeps is refused", async () => {
  const nobody = { url: "nats://127.0.0.1:1" };
  const context = testContext();
  await tellBudgets(nobody, { id: ada, profile: {} }, undefined, context);
  await expect(
    tellBudgets(nobody, { id: ada, profile: { budget: "1/run" } }, undefined, context),
  ).rejects.toThrow('the budget "1/run" of ada cannot be kept');
  await tellBudgets({ url }, { id: ada, profile: { budget: "1/run" } }, "9/day,2M/month", context);
  const texts = run.server.budgets.list().map(({ amount, per }) => `${amount}/${per}`);
  expect(texts).toEqual(["5/run", "9/day", "2000000/month"]);
});

describe("prices.json", () => {
  test("wins over the prices that come with cliai, and an edit counts", async () => {
    await using dir = await tempDir();
    const logged: string[] = [];
    const log = createLogger(
      "info",
      (line) => logged.push(line),
      () => new Date(),
    );
    const { prices, stop } = await openPrices(dir.path, log);
    try {
      expect(priceOf(prices(), "claude-sonnet-4-5-20250929")).toBeGreaterThan(0);
      // The standard model of Claude Code 2.1.330, which tells what it has cost only when its turn ends.
      expect(priceOf(prices(), "claude-opus-5-5")).toBe(4 / 1_000_000);
      expect(priceOf(prices(), "mystery")).toBeUndefined();
      const file = join(dir.path, "prices.json");
      await writeFile(file, '{"usd_per_million_tokens":{"mystery":2}}', { mode: 0o600 });
      await until("the edit counts", () => priceOf(prices(), "mystery") === 2 / 1_000_000);
      await writeFile(file, '{"usd_per_million_tokens":{"mystery":"3"}}');
      await until("the mistake is named", () => logged.some((line) => line.includes("must be a number")));
      expect(priceOf(prices(), "mystery")).toBe(2 / 1_000_000);
    } finally {
      stop();
    }
  });

  test.each([
    ["[]", "p.json: the file must be an object, not a list"],
    ['{"usd_per_million_tokens":{"a":-1}}', 'p.json: "usd_per_million_tokens.a" must be 0 or more, not -1'],
    ["{}", 'p.json: "usd_per_million_tokens" is missing'],
    ["{", "p.json:1:2 is not JSON"],
  ])("is refused by its mistake: %s", (source, message) => {
    expect(errorOf(() => parsePrices(source, "p.json")).message).toBe(message);
  });
});
