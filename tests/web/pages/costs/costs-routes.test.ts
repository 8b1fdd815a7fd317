// The costs page and its reports, on a real nats-server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { waitFor } from "../../../support/wait-for.ts";
import { postJson, startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
});
afterAll(() => web[Symbol.asyncDispose]());

async function text(path: string, cookie = ""): Promise<string> {
  const html = await (await web.app.request(path, { headers: { accept: "text/html", cookie } })).text();
  return html
    .replace(/<(head|svg)\b[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");
}

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
    const shown = await text("/costs");
    expect(shown).toContain("Today $1.25 75k tokens cost of 1 of 2 agents");
    expect(shown).toContain("ada $1.25 5k 1 of 1");
    expect(shown).toContain("bob not told 70k 0 of 1");
    expect(shown).toContain("In the last hour: $1.25");
    expect(await text("/")).toContain("$1.25 today");
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
    expect(await text("/costs")).toContain("$1.25 of $2.50 (50 %)");
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
    const report = await (await web.app.request("/api/usage?by=model&zone=Asia/Tokyo")).json();
    expect(report).toMatchObject({
      zone: "Asia/Tokyo",
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

  test("refuses an unknown grouping by name", async () => {
    const response = await web.app.request("/api/usage?by=modle");
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { hint: expect.stringContaining("model") } });
  });
});
