// Alerts over a real server, with agents that speak plain NATS.
import { describe, expect, test } from "bun:test";
import type { AgentId } from "../../../src/domain/wire/agent-id.ts";
import { parseJson } from "../../../src/domain/wire/decode.ts";
import type { Alert } from "../../../src/domain/wire/messages.ts";
import { type AlertCause, createAlerts } from "../../../src/server/alerts/alerts.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

/** Alerts of a serve that leads when the test says so, by a clock that the test moves on. */
function alone() {
  const told: Alert[] = [];
  const dropped: Alert[] = [];
  let leads = true;
  let second = 0;
  const alerts = createAlerts({
    tell: (alert) => told.push(alert),
    drop: (alert) => dropped.push(alert),
    isLeader: () => leads,
    now: () => new Date(Date.UTC(2026, 4, 3, 12, 0, second)),
  });
  return {
    ...{ alerts, told, dropped },
    lead: (does: boolean) => {
      leads = does;
    },
    pass: () => {
      second += 1;
    },
    [Symbol.dispose]: alerts.stop,
  };
}

const warning = (kind: string, agentId?: AgentId): AlertCause => ({
  ...{ kind, severity: "warning", agentId, message: `${kind} of ${agentId ?? "nobody"}` },
});

describe("createAlerts() alone", () => {
  test("keeps one alert for each kind and agent, which counts, with the last message and the first sample", () => {
    using run = alone();
    const { alerts, told } = run;
    alerts.raise({ ...warning("silent", ada), sample: () => "first", times: 3 });
    run.pass();
    const unread = () => {
      throw new Error("the sample of a known cause is not read");
    };
    alerts.raise({ ...warning("silent", ada), message: "again", sample: unread, times: 2 });
    alerts.raise(warning("silent", bob));
    alerts.raise(warning("silent"));
    expect(alerts.open().map(({ agent_id }) => agent_id)).toEqual([undefined, bob, ada]);
    expect(alerts.open()[2]).toMatchObject({ count: 5, message: "again", sample: "first" });
    const [first] = alerts.open().slice(2);
    expect(Date.parse(first?.last_seen ?? "") - Date.parse(first?.first_seen ?? "")).toBe(1_000);
    // The count is told a second later.
    expect(told.map(({ agent_id, count }) => [agent_id, count])).toEqual([
      [ada, 3],
      [bob, 1],
      [undefined, 1],
    ]);
  });

  test("ends an alert once; the next cause begins another one", () => {
    using run = alone();
    const { alerts, told } = run;
    alerts.raise(warning("silent", ada));
    alerts.resolve("silent", ada);
    alerts.resolve("silent", ada);
    alerts.resolve("silent", bob);
    expect([alerts.open(), alerts.isOpen("silent", ada)]).toEqual([[], false]);
    alerts.raise(warning("silent", ada));
    expect(told.map(({ resolved_at }) => resolved_at !== undefined)).toEqual([false, true, false]);
    expect(told[2]?.alert_id).not.toBe(told[0]?.alert_id ?? "");
    expect(alerts.isOpen("silent", ada)).toBe(true);
  });

  test("a serve that does not lead raises and ends only what it alone has seen; when it leads, what it remembers", () => {
    using run = alone();
    const { alerts, told } = run;
    run.lead(false);
    alerts.raise(warning("silent", ada));
    alerts.raise(warning("silent", bob));
    alerts.raiseOwn(warning("malformed", ada));
    alerts.resolve("malformed", ada);
    expect(told.map(({ kind }) => kind)).toEqual(["malformed"]);
    // The leader before has raised bob's.
    alerts.take({ ...(told[0] as Alert), kind: "silent", agent_id: bob, alert_id: "of-another" });
    run.lead(true);
    alerts.lead();
    expect(told.map(({ kind, agent_id }) => `${kind} ${agent_id}`)).toEqual(["malformed ada", "silent ada"]);
    expect(alerts.open().find(({ agent_id }) => agent_id === bob)).toMatchObject({
      alert_id: "of-another",
      count: 1,
    });
    // It is remembered once.
    alerts.resolve("silent", ada);
    alerts.lead();
    expect(alerts.isOpen("silent", ada)).toBe(false);
  });

  test("takes over what is news from another serve, and nothing older", () => {
    using run = alone();
    const { alerts } = run;
    const heard: Alert[] = [];
    alerts.onAlert((alert) => heard.push(alert));
    const base = {
      alert_id: "a1",
      kind: "silent",
      severity: "warning",
      message: "m",
      agent_id: ada,
    } as const;
    const at = (minute: number) => new Date(Date.UTC(2026, 4, 3, 12, minute)).toISOString();
    const first: Alert = { ...base, first_seen: at(0), last_seen: at(1), count: 2 };
    const ended: Alert = { ...first, resolved_at: at(2) };
    const next: Alert = { ...first, alert_id: "a2", first_seen: at(5), last_seen: at(5), count: 1 };
    const given: [Alert, isNews: boolean][] = [
      [first, true],
      [first, false],
      [{ ...first, count: 1 }, false],
      [{ ...first, count: 3 }, true],
      [ended, true],
      // Who counts on has not heard of its end yet.
      [{ ...first, count: 4 }, false],
      [next, true],
      [ended, false],
    ];
    for (const [alert, isNews] of given) {
      const before = heard.length;
      alerts.take(alert);
      expect([alert, heard.length > before]).toEqual([alert, isNews]);
    }
    expect(alerts.open()).toEqual([next]);
  });

  test("of more than 500, drops the one that ended first, and an open one only if all are open", () => {
    using run = alone();
    const { alerts, dropped } = run;
    for (let n = 0; n < 500; n += 1) alerts.raise(warning(`k${n}`));
    alerts.resolve("k7", undefined);
    alerts.raise(warning("k500"));
    expect(dropped.map(({ kind }) => kind)).toEqual(["k7"]);
    alerts.raise(warning("k501"));
    expect(dropped.map(({ kind }) => kind)).toEqual(["k7", "k0"]);
    expect(alerts.open()).toHaveLength(500);
  });
});

describe("createAlerts() in a server", () => {
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
