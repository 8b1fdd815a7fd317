import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { natsMetrics } from "../../../src/web/metrics/nats-metrics.ts";
import { until, waitFor } from "../../support/wait-for.ts";
import { errorOf, startTestApp, type TestApp } from "../test-app.ts";

async function metricsOf(web: TestApp): Promise<string> {
  const response = await web.app.request("/metrics");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return await response.text();
}

const ask = (web: TestApp, id: string, act: string, more: object = {}) => {
  const body = { request_id: `r-${id}`, act, server: "gpu:1", slots: 1, ...more };
  return web.bus.request(`modelserver.lease.${id}`, body, { timeoutMs: 60_000 });
};

describe("GET /metrics", () => {
  test("tells of the fleet, before any agent has come", async () => {
    await using web = await startTestApp();
    const text = await metricsOf(web);
    expect(text).toContain('cliai_build_info{version="0.0.0-test"} 1\n');
    expect(text).toContain("cliai_leader 1\n");
    expect(text).toContain('cliai_open_requests{kind="permission"} 0\n');
    expect(text).not.toContain("cliai_model_server");
    expect(text).toContain("cliai_needs_you 0\n");
    await web.heartbeat("ada", { status: "idle" });
    expect(await metricsOf(web)).toContain('cliai_agents{status="idle",profile="unknown"} 1\n');
    await web.heartbeat("bob", { status: "blocked" });
    expect(await metricsOf(web)).toContain("cliai_needs_you 1\n");
    expect(await metricsOf(web)).toContain('cliai_needs{kind="stuck"} 1\n');
  });

  test("tells of each model server's slots, leases, waits, and requests past the queue", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    await ask(web, "ada", "wait");
    // As its gate does: a lease that nobody holds is taken back, and on a busy machine this takes longer.
    const holding = setInterval(() => void ask(web, "ada", "hold"), 500);
    const waits = ask(web, "bob", "wait");
    const says = async (line: string) => (await metricsOf(web)).includes(`cliai_model_server_${line}\n`);
    await waitFor(() => says('waiting_requests{server="gpu:1"} 1'), { what: "bob waits" });
    expect(await says('slots{server="gpu:1"} 1')).toBe(true);
    expect(await says('leases{server="gpu:1"} 1')).toBe(true);
    expect(await says('wait_seconds_count{server="gpu:1"} 1')).toBe(true);
    await ask(web, "cleo", "hold");
    await ask(web, "cleo", "hold");
    expect(await says('unqueued_requests_total{server="gpu:1"} 1')).toBe(true);
    expect(await says('leases{server="gpu:1"} 2')).toBe(true);
    clearInterval(holding);
    for (const id of ["ada", "cleo"]) await ask(web, id, "end");
    await waits;
    await ask(web, "bob", "wait");
    await waitFor(() => says('wait_seconds_count{server="gpu:1"} 2'), { what: "bob has his lease" });
    const text = await metricsOf(web);
    expect(text).toMatch(/wait_seconds_bucket\{server="gpu:1",le="2048"\} 2\n/);
    // Ada has not waited at all, and bob has.
    expect(text).toMatch(/wait_seconds_sum\{server="gpu:1"\} (0\.0*[1-9]|[1-9])/);
    expect(await says('lost_leases_total{server="gpu:1"} 0')).toBe(true);
    await waitFor(() => says('lost_leases_total{server="gpu:1"} 1'), { what: "bob's lease is taken back" });
    expect(await says('leases{server="gpu:1"} 0')).toBe(true);
  });

  test("tells of orders, each step of their proof, calls, tokens and cost, alerts, and the store", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada", { status: "idle" });
    const { command_id } = await web.test.server.sendCommand({
      ...{ id: parseAgentId("ada"), type: "task", text: "tidy", from: "test" },
    });
    const receipt = (state: string) =>
      web.bus.publishStored("agent.ada.receipt", { agent_id: "ada", command_id, state });
    const uses = (sums: object) => {
      const usage = { ...sums, model: "tiny" };
      const report = { agent_id: "ada", kind: "usage", instance_id: "r1", usage };
      return web.bus.publishStored("agent.ada.event", report);
    };
    const has = (line: string) => async () => (await metricsOf(web)).includes(`cliai_${line}\n`);
    // An order that is applied leaves the stream by itself.
    const stored = 'stream_messages{stream="COMMANDS"} 1';
    await until(stored, has(stored));
    await receipt("delivered");
    await receipt("applied");
    await uses({ tokens_used: 100, estimated_cost: 0.5 });
    const call = (tool: string) =>
      web.bus.request("tools.call.ada", { tool, arguments: {} }, { timeoutMs: 60_000 });
    await call("list_agents");
    await call("no_such_tool");
    web.bus.publish("agent.ada.status", {});
    for (const line of [
      'orders_total{type="task"} 1',
      'receipts_total{state="stored"} 1',
      'receipts_total{state="delivered"} 1',
      'receipts_total{state="applied"} 1',
      'receipt_seconds_count{state="delivered"} 1',
      'receipt_seconds_count{state="applied"} 1',
      'receipt_seconds_bucket{state="delivered",le="+Inf"} 1',
      'tool_call_seconds_count{tool="list_agents",success="true"} 1',
      'tool_call_seconds_count{tool="unknown",success="false"} 1',
      'tokens_total{agent="ada",model="tiny"} 100',
      'cost_usd_total{agent="ada",model="tiny"} 0.5',
      'messages_total{type="event"} 1',
      "malformed_messages_total 1",
      'alerts{severity="warning",kind="malformed"} 1',
      "oldest_request_seconds 0",
      "ready 1",
      "nats_up 1",
    ])
      await until(line, has(line));
    // A doubled receipt counts once.
    await receipt("applied");
    await uses({ tokens_used: 130, estimated_cost: 0.5 });
    await until("the second report", has('tokens_total{agent="ada",model="tiny"} 130'));
    expect(await has('receipts_total{state="applied"} 1')()).toBe(true);
  });

  test("each metric stands in docs/metrics.md, in the same order", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    await ask(web, "ada", "wait");
    await web.bus.request("tools.call.ada", { tool: "list_agents", arguments: {} }, { timeoutMs: 60_000 });
    const page = readFileSync(join(import.meta.dirname, "../../../docs/metrics.md"), "utf8");
    const listed = [...page.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`);
    const told = [...(await metricsOf(web)).matchAll(/^# TYPE (.+)$/gm)].map(([, type = ""]) => type);
    expect(listed.filter((each) => told.includes(each))).toEqual(told);
    // What nothing has happened for, and what only the system account of nats-server tells.
    const absent = listed.filter((each) => !told.includes(each)).map((each) => each.split(" ")[0]);
    expect(absent).toEqual([
      ...["cliai_alerts", "cliai_orders_total", "cliai_receipts_total", "cliai_receipt_seconds"],
      ...["cliai_tokens_total", "cliai_cost_usd_total"],
      ...natsMetrics(web.test.server.health(), undefined).flatMap(({ name, samples }) =>
        samples.length === 0 ? [name] : [],
      ),
      ...["cliai_store_limit_bytes", "cliai_consumer_lag_messages"],
      ...["cliai_otlp_sent_total", "cliai_otlp_dropped_total"],
    ]);
  });

  test("tells how far consumers are behind: their sum and the largest, and each only if that is asked for", async () => {
    await using web = await startTestApp();
    for (const id of ["ada", "bob"]) await web.heartbeat(id, { status: "idle" });
    for (const id of ["ada", "bob", "bob"]) {
      const order = { id: parseAgentId(id), type: "task", text: "tidy", from: "test" } as const;
      await web.test.server.sendCommand(order);
    }
    const read = async (query: string) => await (await web.app.request(`/metrics${query}`)).text();
    await until("the sum", async () =>
      (await read("")).includes('cliai_stream_lag_messages{stream="COMMANDS"} 3\n'),
    );
    expect(await read("")).toContain('cliai_stream_most_lag_messages{stream="COMMANDS"} 2\n');
    expect(await read("?consumers=")).not.toContain("cliai_consumer_lag_messages");
    const each = await read("?consumers=each");
    expect(each).toMatch(/cliai_consumer_lag_messages\{stream="COMMANDS",consumer="bridge-ada"\} 1\n/);
    expect(each).toMatch(/cliai_consumer_lag_messages\{stream="COMMANDS",consumer="bridge-bob"\} 2\n/);
    const wrong = await web.app.request("/metrics?consumers=all");
    expect([wrong.status, await errorOf(wrong)]).toMatchObject([400, { code: "usage" }]);
  });

  test.each([
    [undefined, "text/plain; version=0.0.4; charset=utf-8"],
    ["*/*", "text/plain; version=0.0.4; charset=utf-8"],
    ["text/plain;q=0.9,application/openmetrics-text;q=0.1", "text/plain; version=0.0.4; charset=utf-8"],
    [
      "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ],
  ])("to a client that accepts %p it is %p", async (accept, type) => {
    await using web = await startTestApp();
    const response = await web.app.request("/metrics", { headers: { ...(accept && { accept }) } });
    expect([response.headers.get("content-type"), response.headers.get("vary")]).toEqual([type, "Accept"]);
    expect((await response.text()).endsWith("# EOF\n")).toBe(type.startsWith("application/openmetrics-text"));
  });
});
