// The costs page and its reports, on a real nats-server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { BudgetScope, Limit } from "../../../../src/domain/budgets/budget.ts";
import { ada } from "../../../support/agents.ts";
import { dayZone } from "../../../support/day-zone.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { readEvents } from "../../event-reader.ts";
import { postJson, startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp({ budgets: { zone: dayZone, prices: () => new Map() } });
});
afterAll(() => web[Symbol.asyncDispose]());

async function text(path: string, cookie = ""): Promise<string> {
  const html = await (await web.app.request(path, { headers: { accept: "text/html", cookie } })).text();
  return html
    .replace(/<(head|svg)\b[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");
}

const inDayZone = `cliai-zone=${encodeURIComponent(dayZone)}`;

async function use(id: string, instance_id: string, usage: object): Promise<void> {
  await web.bus.publishStored(`agent.${id}.event`, { agent_id: id, kind: "usage", instance_id, usage });
}

describe("the costs page", () => {
  test("without any figure says how an agent tells one", async () => {
    expect(await text("/costs")).toContain("No agent has told yet what it uses.");
    expect(await text("/")).toContain("no cost told today");
  });

  test("shows today's sums by agent, blank where nobody tells a cost, and of how many it is", async () => {
    await web.heartbeat("ada", { config_name: "coder", project_path: "/home/mia/post" });
    await use("ada", "r1", { source: "results", tokens_used: 4_000, estimated_cost: 1, model: "opus" });
    await use("ada", "r2", { source: "results", tokens_used: 1_000, estimated_cost: 0.25, model: "haiku" });
    await use("bob", "r1", { source: "telemetry", tokens_used: 70_000, model: "=tiny()" });
    await waitFor(() => web.test.server.spending.sessions().length === 3, { what: "the sessions" });
    const shown = await text("/costs", inDayZone);
    expect(shown).toContain("Today $1.25 75k tokens cost of 1 of 2 agents");
    expect(shown).toContain("ada $1.25 5k 1 of 1");
    expect(shown).toContain("bob not told 70k 0 of 1");
    expect(shown).toContain("In the last hour: $1.25");
    expect(await text("/", inDayZone)).toContain("$1.25 today");
    expect(await text("/costs?by=model&period=all")).toContain("opus $1.00 4k 1 of 1");
    expect(await text("/costs?by=project")).toContain("/home/mia/post $1.25");
  });

  test("shows each budget with what was spent of it, which the API sets, raises and removes", async () => {
    expect(await text("/costs")).not.toContain("agent ada $2.00 a day");
    const body = { scope: { kind: "agent", name: "ada" }, unit: "usd", amount: 2, per: "day" };
    const set = await postJson(web.app, "/api/budgets", body);
    expect(set.status).toBe(201);
    const { budget_id } = (await set.json()) as { budget_id: string };
    expect(await text("/costs")).toContain("agent ada $2.00 a day $1.25 of $2.00 (62 %)");
    await postJson(web.app, `/api/budgets/${budget_id}/raise`, { by_amount: 0.5 });
    expect(await text("/costs")).toContain("$1.25 of $2.50 (50 %) $1.25 left");
    expect(await (await web.app.request("/api/budgets")).json()).toMatchObject([
      { budget_id, made_by: "kim (api)", raises: [{ by: "kim (api)" }], now: [{ spent: 1.25, over: 0 }] },
    ]);
    expect((await postJson(web.app, "/api/budgets", { ...body, amount: 0 })).status).toBe(400);
    expect((await postJson(web.app, "/api/budgets/b-0/remove", {})).status).toBe(404);
    await postJson(web.app, `/api/budgets/${budget_id}/remove`, {});
    expect(await text("/costs")).not.toContain("agent ada $2.00 a day");
  });

  test("takes the zone from the address, else from the browser's cookie, else UTC", async () => {
    expect(await text("/costs")).toContain("Days of the zone UTC");
    expect(await text("/costs", "cliai-zone=Asia%2FTokyo")).toContain("Days of the zone Asia/Tokyo");
    const chosen = await text("/costs?zone=Europe/Paris", "cliai-zone=Asia%2FTokyo");
    expect(chosen).toContain("Days of the zone Europe/Paris");
    expect(await text("/costs", "cliai-zone=%3Cscript%3E")).toContain("Days of the zone UTC");
  });

  test("gives the same as JSON, and as CSV that no spreadsheet takes for a formula", async () => {
    const report = await (
      await web.app.request(`/api/usage?by=model&zone=${encodeURIComponent(dayZone)}`)
    ).json();
    expect(report).toMatchObject({
      zone: dayZone,
      by: "model",
      periods: { today: { tokens: 75_000, cost: 1.25 } },
    });
    expect(report).toMatchObject({
      groups: [{ name: "opus", cost: 1 }, { name: "haiku" }, { name: "=tiny()", told: 0 }],
    });
    const own = await (await web.app.request("/api/agents/ada/usage?by=model")).json();
    expect(own).toMatchObject({
      groups: [{ name: "opus" }, { name: "haiku" }],
      periods: { all: { agents: 1 } },
    });
    const csv = await web.app.request("/api/usage.csv");
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(csv.headers.get("content-disposition")).toContain("cliai-usage.csv");
    const rows = (await csv.text()).split("\r\n");
    expect(rows).toContainEqual(expect.stringMatching(/^\d{4}-\d\d-\d\d,bob,,,'=tiny\(\),70000,,cli$/));
  });

  test("an agent's page and the API have the budgets that count for it, and what is left of each", async () => {
    await web.heartbeat("cleo", { config_name: "coder" });
    const { heartbeat } = await web.heartbeat("ada", { config_name: "coder" });
    const run = heartbeat?.instance_id ?? "";
    const ofCost = () => text("/agents/ada/cost");
    expect(await ofCost()).not.toContain("left");
    const set = async (kind: string, name: string | undefined, amount: number, per: string) =>
      await web.test.server.budgets.set(
        { scope: { kind, name } as BudgetScope, limit: { unit: "usd", amount, per } as Limit },
        "mia",
      );
    const ids = [
      await set("agent", "ada", 2, "day"),
      await set("profile", "coder", 4, "run"),
      await set("agent", "cleo", 5, "day"),
    ].map(({ budget_id }) => budget_id);
    await use("ada", run, { source: "results", tokens_used: 100, estimated_cost: 0.5, model: "opus" });
    await waitFor(() => web.test.server.budgets.of(ada)[1]?.now[0]?.spent === 0.5, { what: "it is spent" });
    const shown = await ofCost();
    expect(shown).toContain("agent ada $2.00 a day $1.75 of $2.00 (87 %) $0.25 left mia");
    expect(shown).toContain("profile coder $4.00 a run $0.50 of $4.00 (12 %) $3.50 left mia");
    expect(shown).not.toContain("cleo");
    const api = (await (await web.app.request("/api/agents/ada")).json()) as { budgets: object[] };
    expect(api.budgets).toMatchObject([
      { budget_id: ids[0], now: [{ spent: 1.75, left: 0.25, over: 0 }] },
      { budget_id: ids[1], now: [{ agent_id: "ada", period: `run:${run}`, left: 3.5 }] },
    ]);
    await using events = readEvents(await web.app.request("/events?page=agent&agent=ada&tab=cost"));
    await events.next("patch");
    const { heartbeat: other } = await web.heartbeat("dora", { config_name: "coder" });
    const ofAll = await set("fleet", undefined, 100, "day");
    const usage = { source: "results", tokens_used: 50, estimated_cost: 3, model: "opus" };
    await use("dora", other?.instance_id ?? "", usage);
    for (let part = ""; !part.includes("$4.75 of $100.00"); ) {
      const { data } = await events.next("patch");
      part = data.html.find((html: string) => html.includes('id="costs-budgets"')) ?? "";
    }
    for (const id of [...ids, ofAll.budget_id]) await web.test.server.budgets.remove(id, "mia");
    expect(web.test.server.budgets.of(ada)).toEqual([]);
  });

  test("refuses an unknown grouping by name", async () => {
    const response = await web.app.request("/api/usage?by=modle");
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { hint: expect.stringContaining("model") } });
  });
});
