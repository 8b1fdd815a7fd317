// Alerts over a real server, with agents that speak plain NATS.
import { describe, expect, test } from "bun:test";
import { parseJson } from "../../../src/domain/wire/decode.ts";
import { ada } from "../../support/agents.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

describe("createAlerts()", () => {
  test("an agent that stops sending heartbeats falls silent, with an alert that ends when it returns", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    bus.publish("agent.ada.heartbeat", { status: "working", interval_s: 0.2 });
    await until("silence", () => run.server.fleet.get(ada)?.axes.link.value === "silent");
    expect(run.server.fleet.get(ada)?.axes.activity.value).toBe("unknown");
    await until("the alert", () => run.server.alerts.open().some(({ kind }) => kind === "silent"));
    bus.publish("agent.ada.heartbeat", { status: "working", interval_s: 60 });
    await until("the return", () => run.server.fleet.get(ada)?.axes.link.value === "online");
    await until("the alert's end", () => run.server.alerts.open().every(({ kind }) => kind !== "silent"));
  });

  test("an alert goes out on dashboard.alert once, and again when it was counted further", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const heard: Array<Record<string, unknown>> = [];
    bus.subscribe("dashboard.alert", ({ data }) => heard.push(parseJson(data) as Record<string, unknown>));
    await bus.flush();
    for (let i = 0; i < 10; i += 1) bus.connection.publish("agent.ada.status", "{");
    await until("the alert and its count", () => heard.at(-1)?.count === 10);
    const [first, last] = heard;
    expect(heard).toHaveLength(2);
    expect(first).toEqual({
      alert_id: expect.any(String),
      kind: "malformed",
      severity: "warning",
      agent_id: "ada",
      message: expect.stringContaining("not JSON"),
      first_seen: expect.any(String),
      last_seen: expect.any(String),
      count: 1,
      sample: "{",
    });
    expect(last).toMatchObject({ alert_id: first?.alert_id, first_seen: first?.first_seen });
  });
});
