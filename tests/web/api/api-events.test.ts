// GET /api/events as a program reads it: the whole, then changes, and going on after a gap.
import { describe, expect, test } from "bun:test";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import type { FleetChange } from "../../../src/server/server.ts";
import { waitFor } from "../../support/wait-for.ts";
import { readEvents } from "../event-reader.ts";
import { postJson, startTestApp, type TestApp } from "../test-app.ts";

async function connect(web: TestApp, lastEventId?: string, query = "") {
  const headers: HeadersInit = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const response = await web.app.request(`/api/events${query}`, { headers });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  return readEvents(response);
}

const idsIn = (data: { agents: { agent_id: string }[] }) => data.agents.map(({ agent_id }) => agent_id);

describe("createApiEvents()", () => {
  test("the whole fleet comes first, then the changed agents alone", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    await web.heartbeat("bob");
    const changes: FleetChange[] = [];
    web.test.server.fleet.onChange((change) => changes.push(change));
    await using events = await connect(web);
    const whole = await events.next();
    expect(whole.event).toBe("fleet");
    expect(idsIn(whole.data)).toEqual(["ada", "bob"]);
    expect(whole.data).toMatchObject({
      instance: web.test.server.instance,
      alerts: [],
      health: { ready: true },
    });
    expect(whole.id).toBe(`${whole.data.instance}-${whole.data.revision}`);

    await web.heartbeat("bob", { status: "idle" });
    let since = whole.data.revision;
    for (let isIdle = false; !isIdle; ) {
      const { data } = await events.next();
      const changed = changes.filter(({ revision }) => revision > since && revision <= data.revision);
      // On a busy machine several changes come as one event, and in no certain order.
      const ids = new Set(changed.flatMap((change) => change.ids.map(String)));
      expect(idsIn(data).toSorted()).toEqual([...ids].sort());
      since = data.revision;
      isIdle = data.agents.some(({ status }: { status: string }) => status === "idle");
    }
  });

  test("a viewer that comes back gets what it missed and no more", async () => {
    await using web = await startTestApp();
    const { fleet } = web.test.server;
    await web.heartbeat("ada");
    await web.heartbeat("bob");
    let lastEventId: string | undefined;
    {
      await using events = await connect(web);
      lastEventId = (await events.next("fleet")).id;
    }
    const since = Number(lastEventId?.split("-").at(-1));
    await web.heartbeat("bob", { status: "idle" });
    await waitFor(() => fleet.changedSince(since)?.includes(parseAgentId("bob")), { what: "bob's change" });
    const missed = [...(fleet.changedSince(since) ?? [])];
    await using back = await connect(web, lastEventId);
    const first = await back.next();
    expect(first.event).toBe("agents");
    const given = idsIn(first.data);
    expect(given).toEqual(expect.arrayContaining(missed));
    // Another one may have changed since.
    expect(fleet.changedSince(since)).toEqual(expect.arrayContaining(given));
    expect((await back.next()).event).toBe("alerts");
  });

  test("a viewer of another instance, or with a mark nobody gave, is told to begin anew", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    for (const lastEventId of ["another-instance-7", "rubbish", `${web.test.server.instance}-999999`]) {
      await using events = await connect(web, lastEventId);
      const reset = await events.next();
      expect(reset.event).toBe("reset");
      expect(reset.data.instance).toBe(web.test.server.instance);
      expect(reset.data.reason).not.toBe("");
      expect(idsIn((await events.next()).data)).toEqual(["ada"]);
    }
  });

  test("?agent narrows all of it to one agent, and must be known", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    await web.heartbeat("bob");
    await using events = await connect(web, undefined, "?agent=ada");
    expect(idsIn((await events.next("fleet")).data)).toEqual(["ada"]);
    await web.heartbeat("bob", { status: "idle" });
    await web.heartbeat("ada", { status: "idle" });
    let change = await events.next("agents");
    expect(idsIn(change.data)).toEqual(["ada"]);
    while (change.data.agents[0].status !== "idle") {
      change = await events.next("agents");
      expect(idsIn(change.data)).toEqual(["ada"]);
    }
    expect((await web.app.request("/api/events?agent=nobody")).status).toBe(404);
  });

  test("alerts and the health of NATS are told as they change", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    await using events = await connect(web);
    await events.next("fleet");
    web.bus.publish("agent.ada.heartbeat", "not an object");
    const alert = await events.next("alert");
    expect(alert.data).toMatchObject({ kind: "malformed", agent_id: "ada", count: 1 });
    await web.test.nats.server.stop();
    let health = await events.next("health");
    while (health.data.ready) health = await events.next("health");
    expect(health.data).toMatchObject({ ready: false, nats: { connected: false }, malformed: 1 });
  });

  test("a command shows with its receipts as they come", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    await using events = await connect(web);
    await postJson(web.app, "/api/agents/ada/commands", { type: "pause", command_id: "p1" });
    web.bus.publish("agent.ada.receipt", { command_id: "p1", state: "delivered" });
    const states = async () => {
      const { data } = await events.next("agents");
      return data.agents[0].commands[0]?.receipts.map(({ state }: { state: string }) => state).join(" ");
    };
    let seen = await states();
    while (seen !== "stored delivered") seen = await states();
  });
});
