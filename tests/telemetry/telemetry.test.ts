// What is sent over OTLP, decoded by the official definitions: traces of a real server over a real nats-server, metrics, logs.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readOtlpSettings } from "../../src/config/otlp-settings.ts";
import type { TraceContext } from "../../src/domain/trace/trace-context.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { createLogger } from "../../src/log.ts";
import { openTelemetry, type Telemetry } from "../../src/telemetry/telemetry.ts";
import { createGatherMetrics } from "../../src/web/metrics/metrics.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../support/otlp-receiver.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { until } from "../support/wait-for.ts";

const now = () => new Date();

function open(url: string, env: Readonly<Record<string, string>> = {}, logged: string[] = []): Telemetry {
  const { settings } = readOtlpSettings(url, env);
  if (settings === undefined) throw new Error("nothing is sent");
  const log = createLogger("info", (line) => logged.push(line), now);
  return openTelemetry(settings, { version: "1.2.3", instance: "i-1", now, log, sendAfterMs: 20 });
}

describe.each(["http/protobuf", "http/json"])("over %s", (protocol) => {
  let receiver: OtlpReceiver;
  let telemetry: Telemetry;
  let server: TestServer;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_METRIC_EXPORT_INTERVAL: "100" };
    telemetry = open(receiver.url, { ...env, OTEL_RESOURCE_ATTRIBUTES: "host.name=h1" });
    server = await startTestServer({ observer: telemetry.observer });
    telemetry.follow(server.server, createGatherMetrics(server.server, now, telemetry.figures));
  });
  afterAll(async () => {
    await telemetry.stop();
    await server[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });
  const span = (name: string) =>
    until(name, () => {
      expect(receiver.problems).toEqual([]);
      return receiver.spans.find((each) => each.name === name);
    });

  test("a task, what its agent does for it, and what it asks are one trace", async () => {
    const bus = await server.nats.bus("ada");
    bus.publish("agent.ada.heartbeat", { agent_id: "ada", status: "idle", interval_s: 3_600 });
    const id = parseAgentId("ada");
    await until("ada", () => server.server.fleet.get(id));
    const order = { id, type: "task", text: "a secret text", from: "kim" } as const;
    const { command_id } = await server.server.sendCommand(order);
    const store = (topic: string, body: object) =>
      bus.publishStored(`agent.ada.${topic}`, { agent_id: "ada", ...body });
    const receipt = (state: string, more: object = {}) => store("receipt", { command_id, state, ...more });
    const event = (kind: string, more: object = {}) => store("event", { kind, ...more });
    // The order, what becomes of it, and the calls come on three ways. What a span belongs to is what was read before it.
    const view = () => server.server.fleet.get(id);
    await until("the order is known", () => view()?.commands.some(({ type }) => type === "task"));
    await receipt("delivered");
    await receipt("injected", { route: "stream-json" });
    await event("prompt");
    await receipt("seen");
    await event("tool_start", { tool: "Bash", tool_use_id: "t1", detail: "a secret command" });
    await until("its tool runs", () => view()?.session?.tools.length === 1);
    await bus.request("tools.call.ada", { tool: "list_agents", arguments: {} }, { timeoutMs: 60_000 });
    await event("tool_failed", { tool: "Bash", tool_use_id: "t1", detail: "a secret reason" });
    await event("turn_end");
    await receipt("applied");

    const life = await span("invoke_agent ada");
    const task = await until("the task", () =>
      receiver.spans.find(({ kind, name }) => name === life.name && kind === "SPAN_KIND_CLIENT"),
    );
    const turn = await until("the turn", () =>
      receiver.spans.find(({ kind, name }) => name === life.name && kind === "SPAN_KIND_INTERNAL"),
    );
    expect(task.parentSpanId).toBe("");
    expect(task.status).toBe("STATUS_CODE_UNSET");
    expect(task.attributes).toMatchObject({
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.id": "ada",
      "messaging.system": "nats",
      "messaging.destination.name": "agent.ada.command",
      "messaging.message.id": command_id,
      "cliai.order.type": "task",
      "cliai.order.state": "applied",
    });
    const steps = [];
    for (const state of ["delivered", "injected", "seen", "applied"])
      steps.push(await span(`order ${state}`));
    expect(steps.map(({ parentSpanId }) => parentSpanId)).toEqual(steps.map(() => task.spanId));
    expect(steps[0]?.kind).toBe("SPAN_KIND_CONSUMER");
    expect(steps[1]?.attributes["cliai.receipt.route"]).toBe("stream-json");
    expect([turn.parentSpanId, turn.startMs >= task.startMs]).toEqual([task.spanId, true]);
    const tool = await span("execute_tool Bash");
    expect(tool.attributes).toMatchObject({ "gen_ai.tool.name": "Bash", "gen_ai.tool.call.id": "t1" });
    expect([tool.status, tool.attributes["error.type"]]).toEqual(["STATUS_CODE_ERROR", "tool_failed"]);
    const call = await span("tools/call list_agents");
    expect(call.kind).toBe("SPAN_KIND_SERVER");
    expect(call.attributes).toMatchObject({ "mcp.method.name": "tools/call" });
    expect([tool.parentSpanId, call.parentSpanId]).toEqual([turn.spanId, turn.spanId]);
    const all = [task, turn, tool, call, ...steps];
    expect(new Set(all.map(({ traceId }) => traceId))).toEqual(new Set([task.traceId]));
    expect(new Set(all.map(({ spanId }) => spanId)).size).toBe(all.length);
    expect(all.every(({ startMs, endMs }) => endMs >= startMs && startMs > 1.7e12)).toBe(true);
    expect(receiver.resource).toEqual({
      ...{ "service.name": "cliai", "service.version": "1.2.3", "service.instance.id": "i-1" },
      "host.name": "h1",
    });
    expect(JSON.stringify(receiver.spans)).not.toContain("a secret");
  });

  test("an order and a call belong to the trace of whoever gives them; of one that is not to be recorded nothing is sent", async () => {
    const bus = await server.nats.bus("dan");
    bus.publish("agent.dan.heartbeat", { agent_id: "dan", status: "idle", interval_s: 3_600 });
    const id = parseAgentId("dan");
    await until("dan", () => server.server.fleet.get(id));
    const trace = { trace_id: "4bf92f3577b34da6a3ce929d0e0e4736", span_id: "00f067aa0ba902b7" };
    const send = async (type: "pause" | "resume", of: TraceContext) => {
      const { command_id } = await server.server.sendCommand({ id, type, from: "kim", trace: of });
      await bus.publishStored("agent.dan.receipt", { agent_id: "dan", command_id, state: "applied" });
    };
    await send("pause", { ...trace, is_unsampled: true });
    await send("resume", trace);
    const call = { tool: "list_agents", arguments: {} };
    await bus.request("tools.call.dan", call, { timeoutMs: 60_000, trace });
    const resume = await span("send resume");
    expect([resume.traceId, resume.parentSpanId]).toEqual([trace.trace_id, trace.span_id]);
    const called = await until("dan's call", () =>
      receiver.spans.find(
        ({ name, attributes }) => /^tools/.test(name) && attributes["gen_ai.agent.id"] === "dan",
      ),
    );
    expect([called.traceId, called.parentSpanId]).toEqual([trace.trace_id, trace.span_id]);
    expect(receiver.spans.filter(({ name }) => name === "send pause")).toEqual([]);
    expect(JSON.stringify(server.server.fleet.get(id))).not.toContain(trace.trace_id);
  });

  test("a request to a model server is a span, as the heartbeats tell of it", async () => {
    const bus = await server.nats.bus("eve");
    const beat = (state: string) => {
      const timestamp = new Date().toISOString();
      const model_request = { server: "gpu", model: "tiny", state, since: timestamp };
      const facts = { agent_id: "eve", status: "working", interval_s: 3_600 };
      bus.publish("agent.eve.heartbeat", { ...facts, timestamp, model_request });
    };
    const known = () => server.server.fleet.get(parseAgentId("eve"))?.heartbeat?.model_request?.state;
    beat("working");
    await until("it is at work", () => known() === "working");
    beat("idle");
    const request = await span("chat tiny");
    expect([request.kind, request.attributes["cliai.model_server"]]).toEqual(["SPAN_KIND_CLIENT", "gpu"]);
  });

  test("a request is a span from asked to answered; in no turn it is a trace of its own", async () => {
    const bus = await server.nats.bus("bob");
    bus.publish("agent.bob.heartbeat", { agent_id: "bob", status: "idle", interval_s: 3_600 });
    await until("bob", () => server.server.fleet.get(parseAgentId("bob")));
    const ask = { tool: "ask_human", arguments: { question: "a secret question", wait_s: 0 } };
    await bus.request("tools.call.bob", ask, { timeoutMs: 60_000 });
    const open = await until("the request", () => server.server.requests.open()[0]);
    await server.server.requests.answer(open.request_id, { text: "a secret answer" }, "kim");
    const request = await span("request question");
    expect(request.attributes).toMatchObject({
      "cliai.request.id": open.request_id,
      "cliai.request.kind": "question",
      "cliai.request.state": "answered",
      "gen_ai.agent.id": "bob",
    });
    expect([request.parentSpanId, request.endMs >= request.startMs]).toEqual(["", true]);
    expect(JSON.stringify(receiver.spans)).not.toContain("a secret");
  });

  test("the metrics are those of /metrics", async () => {
    await until("metrics", () => receiver.metrics.some(({ name }) => name === "cliai_otlp_sent_total"));
    expect(receiver.problems).toEqual([]);
    const told = (await createGatherMetrics(server.server, now, telemetry.figures)()).flatMap((metric) =>
      metric.samples.length === 0
        ? []
        : [`${metric.name} ${metric.type === "counter" ? "sum" : metric.type}`],
    );
    const sent = () => receiver.metrics.map(({ name, type }) => `${name} ${type}`);
    await until("each metric", () => told.every((each) => sent().includes(each)));
    const last = (name: string) => receiver.metrics.findLast((metric) => metric.name === name);
    const pointOf = (name: string, key: string, value: string) =>
      last(name)?.points.find(({ attributes }) => attributes[key] === value);
    // Each sending has the figures of its time.
    const point = await until("receipts", () => pointOf("cliai_receipt_seconds", "state", "applied"));
    const tasks = await until("tasks", () => pointOf("cliai_orders_total", "type", "task"));
    expect([last("cliai_receipt_seconds")?.unit, last("cliai_stream_bytes")?.unit]).toEqual(["s", "By"]);
    const counts = point.bucketCounts as string[];
    const bounds = point.explicitBounds as number[];
    expect(counts.length).toBe(bounds.length + 1);
    expect(counts.map(Number).reduce((a, b) => a + b)).toBe(Number(point.count));
    expect([last("cliai_orders_total")?.isMonotonic, tasks.asDouble]).toEqual([true, 1]);
  });

  test("the log and the alerts are sent, without secrets", async () => {
    telemetry.log.warn("the token=abcdefgh123456 of nats://me:hunter22@x is odd ?token=abcdefgh");
    const line = await until("the line", () =>
      receiver.logs.find(({ body }) => String(body).includes("odd")),
    );
    expect([line.severityText, line.severityNumber]).toEqual(["WARN", "SEVERITY_NUMBER_WARN"]);
    expect(line.body).not.toContain("hunter22");
    (await server.nats.bus("cleo")).publish("agent.cleo.status", {});
    const alert = await until("the alert", () =>
      receiver.logs.find(({ eventName }) => eventName === "cliai.alert"),
    );
    expect(alert.attributes).toMatchObject({ "cliai.alert.kind": "malformed", "gen_ai.agent.id": "cleo" });
    expect(receiver.problems).toEqual([]);
  });
});

describe("a collector that is away", () => {
  const lines = (logged: readonly string[]) => logged.filter((line) => line.includes("OTLP"));

  test("is told of once, and what waits is sent when it is back", async () => {
    await using receiver = await startOtlpReceiver();
    await receiver.down();
    const logged: string[] = [];
    const telemetry = open(receiver.url, { OTEL_METRICS_EXPORTER: "none" }, logged);
    telemetry.log.warn("first");
    await until("the trouble", () => lines(logged).length > 0);
    await receiver.up();
    telemetry.log.warn("second");
    await until("both", () => receiver.logs.length === 2);
    await until("that it is back", () => lines(logged).length === 2);
    expect(lines(logged)[0]).toMatch(
      /warn OTLP: logs are not sent: http:\S+ cannot be reached: ECONNREFUSED/,
    );
    expect(lines(logged)[1]).toContain("info OTLP: everything is sent again");
    await until("the count", () =>
      telemetry.figures().some(({ signal, sent }) => signal === "logs" && sent === 2),
    );
    expect(telemetry.figures()).toContainEqual({ signal: "logs", sent: 2, dropped: 0 });
    await telemetry.stop();
  });

  const logsOnly = {
    ...{ OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" },
    OTEL_EXPORTER_OTLP_TIMEOUT: "60000",
  };

  test("costs bounded room: more than 2,048 are dropped and counted; the end waits for 2 s at most", async () => {
    await using receiver = await startOtlpReceiver();
    receiver.answer("never");
    const logged: string[] = [];
    const telemetry = open(receiver.url, logsOnly, logged);
    for (let i = 0; i < 5_000; i += 1) telemetry.log.info(`line ${i}`);
    expect(telemetry.figures()).toEqual([{ signal: "logs", sent: 0, dropped: 5_000 - 2_048 }]);
    await until("the first request", () => receiver.requests.length === 1);
    const beginMs = performance.now();
    await telemetry.stop();
    expect(performance.now() - beginMs).toBeLessThan(20_000);
    expect(telemetry.figures()).toEqual([{ signal: "logs", sent: 0, dropped: 5_000 }]);
    expect(lines(logged)).toEqual([expect.stringContaining("has not answered before the end of serve")]);
  });

  test("loses the oldest of what does not fit", async () => {
    await using receiver = await startOtlpReceiver();
    const telemetry = open(receiver.url, logsOnly);
    for (let i = 0; i < 5_000; i += 1) telemetry.log.info(`line ${i}`);
    await until("the rest", () => receiver.logs.length >= 2_048);
    await telemetry.stop();
    expect([receiver.logs.length, receiver.logs[0]?.body]).toEqual([2_048, "line 2952"]);
  });

  test.each([
    ["http/protobuf", "{}"],
    ["http/protobuf", "thank you"],
    ["http/json", "thank you"],
    ["http/json", '{"partialSuccess":{"rejectedLogRecords":"some"}}'],
  ])("has taken what it answers with 200, over %s also with %s", async (protocol, body) => {
    await using receiver = await startOtlpReceiver();
    receiver.answer({ status: 200, body });
    const logged: string[] = [];
    const telemetry = open(receiver.url, { ...logsOnly, OTEL_EXPORTER_OTLP_PROTOCOL: protocol }, logged);
    telemetry.log.info("first");
    await until("the count", () => telemetry.figures().some(({ sent, dropped }) => sent + dropped === 1));
    expect(telemetry.figures()).toEqual([{ signal: "logs", sent: 1, dropped: 0 }]);
    await telemetry.stop();
    expect(lines(logged)).toEqual([]);
  });

  test("that refuses loses what it refused; its headers and gzip are as asked for", async () => {
    await using receiver = await startOtlpReceiver();
    receiver.answer({ status: 401 });
    const logged: string[] = [];
    const env = { OTEL_EXPORTER_OTLP_HEADERS: "x-key=k%201", OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" };
    const telemetry = open(receiver.url, { ...env, OTEL_METRICS_EXPORTER: "none" }, logged);
    telemetry.log.warn("first");
    await until("the refusal", () => lines(logged).length > 0);
    expect(lines(logged)[0]).toMatch(/logs are not sent: http:\S+ answered 401/);
    receiver.answer({ status: 503, headers: { "retry-after": "0" } });
    telemetry.log.warn("second");
    await until("another try", () => receiver.requests.length > 2);
    receiver.answer({ status: 200 });
    await until("the second", () => receiver.logs.length === 1);
    expect([receiver.logs[0]?.body, receiver.requests[0]?.headers["x-key"]]).toEqual(["second", "k 1"]);
    await until("the count", () =>
      telemetry.figures().some(({ sent, dropped }) => sent === 1 && dropped === 1),
    );
    await telemetry.stop();
  });
});
