// The HTTP API as a program uses it, on a real server over a real nats-server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { waitFor } from "../../support/wait-for.ts";
import { commandsOf, errorOf, postJson, startTestApp, type TestApp } from "../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
});
afterAll(() => web[Symbol.asyncDispose]());

describe("GET /api/agents", () => {
  test("lists the views of all agents, by id", async () => {
    await web.heartbeat("beta", { current_task: "write tests" });
    await web.heartbeat("alpha");
    const agents = (await (await web.app.request("/api/agents")).json()) as Record<string, unknown>[];
    expect(agents.map(({ agent_id }) => agent_id)).toEqual(["alpha", "beta"]);
    expect(agents[1]).toMatchObject({ status: "working", current_task: "write tests", queued: 0 });
    expect(agents[1]).toHaveProperty("axes.link.value", "online");
  });

  test("gives one agent with what was last heard of it", async () => {
    await web.heartbeat("gamma");
    web.bus.publish("agent.gamma.event", { kind: "tool_start", tool: "Read", detail: "a.ts" });
    const body = await waitFor(
      async () => {
        const view = await (await web.app.request("/api/agents/gamma")).json();
        const { timeline } = view as { timeline: { kind: string }[] };
        return timeline.some(({ kind }) => kind === "tool_start") && view;
      },
      { what: "the event in the timeline" },
    );
    expect(body).toMatchObject({ agent_id: "gamma", timeline: [{ kind: "tool_start", text: "Read a.ts" }] });
  });

  test("answers 404 for an unknown agent and names the nearest", async () => {
    await web.heartbeat("Snake-1234");
    const response = await web.app.request("/api/agents/Snake-1233");
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toEqual({
      code: "agent_unknown",
      message: 'no agent "Snake-1233"',
      hint: expect.stringContaining("Snake-1234"),
    });
  });
});

describe("GET /api/needs", () => {
  test("lists what waits for a person, with what it blocks, and counts it", async () => {
    await web.heartbeat("needy", { status: "blocked", current_task: "fly to the moon" });
    const body = (await (await web.app.request("/api/needs")).json()) as {
      readonly count: number;
      readonly agents: number;
      readonly needs: { readonly agent_id: string }[];
    };
    expect([body.count, body.agents]).toEqual([1, 1]);
    expect(body.needs).toMatchObject([
      {
        ...{ agent_id: "needy", kind: "stuck", reason: "reports blocked" },
        blocks: { task: "fly to the moon", orders: 0, agents: [], captains: [] },
      },
    ]);
    await web.heartbeat("needy");
  });
});

describe("POST /api/agents/:id/commands", () => {
  test("stores a command, and a second one of the same id once", async () => {
    await web.heartbeat("delta");
    const order = { type: "task", text: "sweep the floor", command_id: "sweep-1" };
    const first = await postJson(web.app, "/api/agents/delta/commands", order);
    expect(first.status).toBe(202);
    expect(await first.json()).toEqual({ command_id: "sweep-1", state: "stored", duplicate: false });
    const second = await postJson(web.app, "/api/agents/delta/commands", order);
    expect(await second.json()).toEqual({ command_id: "sweep-1", state: "stored", duplicate: true });
    const view = await web.viewOf("delta", ({ commands }) => commands.length > 0, "delta's command");
    expect(view.commands).toMatchObject([
      { command_id: "sweep-1", type: "task", summary: "sweep the floor" },
    ]);
  });

  test("takes the words as payload, too, as they are on the wire", async () => {
    await web.heartbeat("epsilon");
    const bodies = [
      { type: "task", payload: "one" },
      { type: "task", payload: { text: "two" } },
      { type: "stop", payload: { reason: "three", force: true } },
    ];
    for (const body of bodies) {
      expect((await postJson(web.app, "/api/agents/epsilon/commands", body)).status).toBe(202);
    }
    const { commands } = await web.viewOf("epsilon", (view) => view.commands.length === 3, "three commands");
    expect(commands.map(({ type, summary }) => `${type} ${summary}`)).toEqual([
      "task one",
      "task two",
      "stop three",
    ]);
  });

  const bad: [what: string, body: unknown, code: string, message: string][] = [
    ["not JSON", "{type:", "message_invalid", "not JSON"],
    ["text", '"stop"', "message_invalid", "the body must be a JSON object"],
    [
      "an unknown type",
      { type: "dance" },
      "message_invalid",
      "type must be one of stop, pause, resume, task",
    ],
    ["an unknown field", { type: "stop", colour: "red" }, "message_invalid", "colour"],
    ["a task without words", { type: "task" }, "usage", "a task needs its text"],
    ["a stop with words", { type: "stop", text: "now" }, "usage", "stop takes no text"],
    ["a wrong id", { type: "stop", command_id: "a b" }, "message_invalid", "the id must be"],
    ["force as text", { type: "stop", force: "yes" }, "message_invalid", "force must be true or false"],
  ];
  test.each(bad)("refuses %s with 400 and stores nothing", async (_, body, code, message) => {
    await web.heartbeat("zeta");
    const response = await postJson(web.app, "/api/agents/zeta/commands", body);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(commandsOf(web.test, "zeta")).toEqual([]);
  });

  test("takes a task of nearly 8 MB", async () => {
    await web.heartbeat("theta");
    const text = "x".repeat(8 * 1024 * 1024 - 4096);
    expect((await postJson(web.app, "/api/agents/theta/commands", { type: "task", text })).status).toBe(202);
    await web.viewOf("theta", ({ commands }) => commands.length === 1, "the task");
  });

  test("answers 404 for an unknown agent and 413 for a body over 8 MB", async () => {
    expect((await postJson(web.app, "/api/agents/nobody/commands", { type: "stop" })).status).toBe(404);
    await web.heartbeat("eta");
    const response = await postJson(web.app, "/api/agents/eta/commands", {
      type: "task",
      text: "x".repeat(8 * 1024 * 1024),
    });
    expect(response.status).toBe(413);
    expect((await errorOf(response)).code).toBe("payload_too_large");
  });
});

describe("POST /api/heartbeat", () => {
  test("takes the old heartbeat into the fleet, and says that it is deprecated", async () => {
    const response = await postJson(web.app, "/api/heartbeat", { agent_id: "oldtimer", status: "idle" });
    expect(response.status).toBe(200);
    expect(response.headers.get("deprecation")).toMatch(/^@\d{10}$/);
    await web.viewOf("oldtimer", ({ status }) => status === "idle", "oldtimer in the fleet");
    expect(web.logged.filter((line) => line.includes("deprecated"))).toHaveLength(1);
    await postJson(web.app, "/api/heartbeat", { agent_id: "oldtimer", status: "idle" });
    expect(web.logged.filter((line) => line.includes("deprecated"))).toHaveLength(1);
  });

  test("refuses one without an agent's id", async () => {
    const response = await postJson(web.app, "/api/heartbeat", { status: "idle" });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toBe("agent_id is missing");
  });
});

describe("createApi()", () => {
  test("an address that is none of ours is 404, as JSON under /api", async () => {
    const response = await web.app.request("/api/teapots");
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ code: "not_found", message: "nothing at /api/teapots" });
  });

  test("with NATS lost: alive but not ready, commands and heartbeats refused and not queued, readings still given", async () => {
    await using lost = await startTestApp();
    await lost.heartbeat("ada");
    expect((await lost.app.request("/readyz")).status).toBe(200);
    await lost.test.nats.server.stop();
    await waitFor(async () => (await lost.app.request("/readyz")).status === 503, { what: "not ready" });
    expect(await (await lost.app.request("/readyz")).json()).toMatchObject({
      ready: false,
      reason: expect.stringContaining("NATS"),
    });
    expect(await (await lost.app.request("/healthz")).json()).toEqual({
      ok: true,
      instance: lost.test.server.instance,
      version: "0.0.0-test",
    });
    const refused = await postJson(lost.app, "/api/agents/ada/commands", { type: "stop" });
    expect(refused.status).toBe(503);
    expect((await errorOf(refused)).code).toBe("nats_unreachable");
    expect((await postJson(lost.app, "/api/heartbeat", { agent_id: "eve" })).status).toBe(503);
    expect(await (await lost.app.request("/api/agents")).json()).toMatchObject([{ agent_id: "ada" }]);
  });
});
