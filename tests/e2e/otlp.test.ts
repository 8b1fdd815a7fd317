// `cliai serve --otlp`, the executable, as a user runs it.
import { expect, test } from "bun:test";
import { startServe } from "../support/cliai.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";
import { until } from "../support/wait-for.ts";

test("what cliai send orders is one trace, also of the shell that sends it; metrics and the log are sent", async () => {
  await using receiver = await startOtlpReceiver();
  const env = { OTEL_METRIC_EXPORT_INTERVAL: "200", OTEL_SERVICE_NAME: "fleet" };
  await using serve = await startServe({ args: ["--insecure", "--otlp", receiver.url], env });
  const added = await serve.fetch("/api/heartbeat", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ agent_id: "ada", status: "idle" }),
  });
  expect(added.ok).toBe(true);
  const [trace, span] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
  const shell = { env: { TRACEPARENT: `00-${trace}-${span}-01` } };
  await until("the task is stored", async () => {
    const sent = await serve.run(["send", "task", "ada", "tidy", "--id", "t1", "--wait", "stored"], shell);
    return sent.code === 0;
  });
  expect((await serve.run(["cancel", "t1"])).code).toBe(0);
  await until("the metrics", () => receiver.metrics.some(({ name }) => name === "cliai_orders_total"));
  const task = await until("the task", () => receiver.spans.find(({ name }) => name === "invoke_agent ada"));
  expect([task.traceId, task.parentSpanId]).toEqual([trace, span]);
  expect(task.attributes).toMatchObject({ "cliai.order.state": "refused", "error.type": "refused" });
  await until("the log", () => receiver.logs.some(({ body }) => String(body).startsWith("ready at ")));
  expect(receiver.resource["service.name"]).toBe("fleet");
  expect(receiver.problems).toEqual([]);
  serve.child.kill("SIGTERM");
  expect((await serve.child.exit()).code).toBe(0);
});
