// One command to many agents: the exact targets named first, and a result for each.
import { describe, expect, test } from "bun:test";
import { shownText } from "../../support/shown-text.ts";
import { waitFor } from "../../support/wait-for.ts";
import { errorOf, postJson, startTestApp, type TestApp } from "../test-app.ts";

async function startFleet(): Promise<TestApp> {
  const web = await startTestApp();
  for (const id of ["ada", "bob", "cleo"]) await web.heartbeat(id);
  await web.heartbeat("dan", { status: "stopped" });
  return web;
}

const page = async (web: TestApp, path: string) => await (await web.app.request(path)).text();

describe("POST /api/commands", () => {
  test("POST /api/commands answers for each agent, once each, also for one that there is not", async () => {
    await using web = await startFleet();
    const order = {
      type: "pause",
      agents: ["ada", "nobody", "bob", "ada"],
      reason: "lunch",
      command_id: "k1",
    };
    const response = await postJson(web.app, "/api/commands", order);
    expect(response.status).toBe(202);
    const stored = { state: "stored", duplicate: false };
    expect(await response.json()).toEqual({
      results: [
        { agent_id: "ada", command_id: "k1-ada", ...stored },
        { agent_id: "nobody", error: expect.objectContaining({ code: "agent_unknown" }) },
        { agent_id: "bob", command_id: "k1-bob", ...stored },
      ],
    });
    const again = (await (await postJson(web.app, "/api/commands", order)).json()) as { results: unknown[] };
    expect(again.results[0]).toMatchObject({ duplicate: true });
    const { commands } = await web.viewOf("ada", (view) => view.commands.length > 0, "the pause");
    expect(commands).toMatchObject([
      { command_id: "k1-ada", type: "pause", from: "kim (api)", summary: "lunch" },
    ]);
  });

  test.each<[unknown, string]>([
    [{ type: "pause" }, "agents"],
    [{ type: "pause", agents: [] }, "agents names none"],
    [{ type: "pause", agents: "ada" }, "agents must be a list"],
    [{ type: "pause", agents: ["../x"] }, "an agent id is"],
    [{ type: "dance", agents: ["ada"] }, "type must be one of"],
    [{ type: "task", agents: ["ada"] }, "a task needs its text"],
    [{ type: "pause", agents: ["ada"], command_id: "x".repeat(65) }, "longer than 64"],
    [{ type: "pause", agents: ["ada"], all: true }, "unknown field"],
  ])("%j is refused as a whole", async (order, words) => {
    await using web = await startFleet();
    const response = await postJson(web.app, "/api/commands", order);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toContain(words);
  });

  test("the page names each target and who is left out, sends to those that are checked, and shows each result", async () => {
    await using web = await startFleet();
    const html = await page(web, "/bulk/pause");
    expect([...html.matchAll(/name="agents" value="([^"]+)" checked/g)].map(([, id]) => id)).toEqual([
      "ada",
      "bob",
      "cleo",
    ]);
    expect(shownText(html)).toContain("Left out: dan has stopped.");
    const [, key = ""] = /name="command_id" value="([^"]+)"/.exec(html) ?? [];
    const body = new URLSearchParams({ type: "pause", command_id: key, reason: "" });
    for (const id of ["ada", "cleo", "nobody"]) body.append("agents", id);
    const response = await web.app.request("/bulk", { method: "POST", body });
    expect([response.status, response.headers.get("location")]).toEqual([
      303,
      `/bulk/results/${key}?failed=nobody`,
    ]);
    web.bus.publish("agent.ada.receipt", { command_id: `${key}-ada`, state: "applied", route: "hook" });
    await web.viewOf("ada", ({ axes }) => axes.control.value === "paused", "ada is paused");
    await web.viewOf("cleo", ({ commands }) => commands.length === 1, "cleo has it");
    const results = shownText(await page(web, `/bulk/results/${key}?failed=nobody`));
    expect(results).toContain("pause: applied by 1 of 3");
    expect(results).toContain("nobody gone not sent");
    expect(results).toMatch(/ada paused stored .* applied \d\d:\d\d:\d\d cleo working stored/);
    expect(results).not.toContain("bob");

    expect(shownText(await page(web, "/bulk/pause"))).toContain(
      "Left out: ada is paused, cleo is being paused, dan",
    );
    expect(shownText(await page(web, "/bulk/pause"))).toMatch(
      /Sent before pause to 2 agents (now|\d+ s ago)/,
    );
    expect(await page(web, "/bulk/pause")).toContain(`href="/bulk/results/${key}"`);
    expect(await page(web, "/bulk/resume")).toMatch(/value="ada" checked[\s\S]*value="cleo" checked/);
  });

  test("the agents of the page are those that the address names, or that match its filter", async () => {
    await using web = await startFleet();
    const targetsOf = async (path: string) =>
      [...(await page(web, path)).matchAll(/name="agents" value="([^"]+)" checked/g)].map(([, id]) => id);
    expect(await targetsOf("/bulk/stop?agents=ada,cleo,dan")).toEqual(["ada", "cleo"]);
    expect(await targetsOf("/bulk/stop?agents=ada&agents=bob")).toEqual(["ada", "bob"]);
    expect(await targetsOf("/bulk/stop?q=-ada")).toEqual(["bob", "cleo"]);
    const text = shownText(await page(web, "/bulk/stop?agents=ada,dan"));
    expect(text).toContain("Stop 1 agent");
    expect(text).toContain("Left out: dan has stopped.");
    expect(shownText(await page(web, "/bulk/stop?q=nobody-at-all"))).toContain(
      "There is no agent to stop now.",
    );
  });

  test("all that are checked can be stopped by force, and nothing else is taken for it", async () => {
    await using web = await startFleet();
    const html = await page(web, "/bulk/stop");
    expect(html).toContain('name="force" value="true"');
    expect(html).not.toMatch(/name="force" value="true" checked/);
    expect(await page(web, "/bulk/pause")).not.toContain('name="force"');
    const commands: unknown[] = [];
    web.bus.subscribe("agent.ada.command", ({ data }) =>
      commands.push(JSON.parse(new TextDecoder().decode(data))),
    );
    await web.bus.flush();
    const reason = "the <disk> is full";
    const body = new URLSearchParams({
      type: "stop",
      command_id: "k2",
      agents: "ada",
      force: "true",
      reason,
    });
    expect((await web.app.request("/bulk", { method: "POST", body })).status).toBe(303);
    await waitFor(() => commands.length === 1, { what: "the stop is sent" });
    expect(commands[0]).toMatchObject({ type: "stop", payload: { force: true, reason } });
    await web.viewOf("ada", ({ commands }) => commands.length === 1, "the fleet has it");
    expect(shownText(await page(web, "/bulk/results/k2"))).toContain(
      "Reason, told to each: the &lt;disk&gt; is full",
    );
    body.set("force", "yes");
    expect((await web.app.request("/bulk", { method: "POST", body })).status).toBe(400);
  });

  test("neither another site's page nor a form without targets commands anybody", async () => {
    await using web = await startFleet();
    const body = new URLSearchParams({ type: "stop", command_id: "k", agents: "ada" });
    const headers = { host: "localhost:3000", origin: "https://evil.example" };
    expect((await web.app.request("/bulk", { method: "POST", headers, body })).status).toBe(403);
    const none = new URLSearchParams({ type: "stop", command_id: "k" });
    expect((await web.app.request("/bulk", { method: "POST", body: none })).status).toBe(400);
    expect((await web.app.request("/bulk/dance")).status).toBe(404);
  });
});
