// `bun run otel`: builds a real OpenTelemetry Collector, unless it is built, and looks whether it takes what `cliai serve --otlp` sends: traces,
// metrics and logs, as protobuf and as JSON. The collector sends on what it took, to a receiver that decodes it. It is not part of the gate,
// because the build takes long. With a path, it runs that program instead: bun run otel PATH
import { writeFile } from "node:fs/promises";
import { messageOf } from "../../src/domain/text/errors.ts";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { startChild } from "../support/child.ts";
import { startServe } from "../support/cliai.ts";
import { freePorts } from "../support/nats-cluster.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../support/otlp-receiver.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";
import { buildCollector } from "./build-collector.ts";

async function check(program: string, protocol: string): Promise<void> {
  await using receiver = await startOtlpReceiver();
  await using dir = await tempDir();
  const [port] = await freePorts(1);
  const pipeline = "{receivers: [otlp], exporters: [otlp_http]}";
  const config = dir.join("collector.yaml");
  await writeFile(
    config,
    `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
exporters: {otlp_http: {endpoint: "${receiver.url}", compression: none, sending_queue: {enabled: false}}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: ${pipeline}, metrics: ${pipeline}, logs: ${pipeline}}
`,
  );
  await using collector = await startChild(program, ["--config", config], { stdin: "ignore" });
  await collector.line(/Everything is ready/, { from: "stderr" });
  const env = { OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_METRIC_EXPORT_INTERVAL: "1000" };
  const args = ["--insecure", "--otlp", `http://127.0.0.1:${port}`];
  await using serve = await startServe({ args, env, from: "bun" });
  await sendTask(serve.natsUrl, serve.run);
  await until("the task's span", () => receiver.spans.some(({ name }) => name === "invoke_agent ada"));
  await until("the metrics", () => receiver.metrics.some(({ name }) => name === "cliai_orders_total"));
  await until("the log", () => receiver.logs.some(({ body }) => String(body).startsWith("ready at")));
  const wrong = [
    ...receiver.problems,
    ...collector.stderr.split("\n").filter((line) => /\t(error|warn)\t/.test(line)),
  ];
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  process.stdout.write(`${protocol}: ${summaryOf(receiver)}\n`);
}

/** Plays an agent that carries out a task. */
async function sendTask(
  url: string,
  run: (args: readonly string[]) => Promise<{ readonly code: number | null; readonly stderr: string }>,
): Promise<void> {
  const bus = await connectBus({ url, name: "ada", log: silentLogger });
  try {
    bus.publish("agent.ada.heartbeat", { agent_id: "ada", status: "idle", interval_s: 3_600 });
    await bus.flush();
    const sent = await until("the task is stored", async () => {
      const { code } = await run(["send", "task", "ada", "tidy up", "--id", "t1", "--wait", "stored"]);
      return code === 0;
    });
    for (const state of sent ? ["delivered", "seen", "applied"] : [])
      await bus.publishStored("agent.ada.receipt", { agent_id: "ada", command_id: "t1", state });
  } finally {
    await bus.close();
  }
}

function summaryOf({ spans, metrics, logs }: OtlpReceiver): string {
  const names = new Set(metrics.map(({ name }) => name));
  return `the collector took ${spans.length} spans, ${names.size} metrics, ${logs.length} log records`;
}

try {
  const [given] = process.argv.slice(2);
  const program = given ?? (await buildCollector());
  for (const protocol of ["http/protobuf", "http/json"]) await check(program, protocol);
} catch (error) {
  process.stderr.write(
    `error: ${messageOf(error)}\nhint: it needs Go to build the collector, or: bun run otel PATH\n`,
  );
  process.exitCode = 1;
}
