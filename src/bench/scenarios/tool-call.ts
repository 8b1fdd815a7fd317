// Measures a tool call from the agent's CLI and back: MCP client, bridge, NATS, serve. The limit is the least cost of its two hops: the
// same client with a bare echo, and a raw request on the same nats-server. For a call that is stored, a raw publish is added.
import { bridgeEnvironment, startMeasuredBridge } from "../bridge.ts";
import { initializeMcp, toolCallLine } from "../mcp-client.ts";
import { startProgram } from "../programs/start-program.ts";
import { buildRow, type Scenario } from "../scenario.ts";
import { startMeasuredServe } from "../serve.ts";

const calls = { full: 400, short: 150 };
const subject = "bench.echo";
const storeSubject = "bench.store";
const report = { status: "working", current_task: "measure", message: "calls a tool" };

export const toolCall: Scenario = {
  name: "tool-call",
  title: "tool call: MCP client → bridge → NATS → serve → back",
  rounds: { full: 5, short: 3 },
  isInShort: true,
  async prepare(context, parts) {
    const count = context.isShort ? calls.short : calls.full;
    const serve = await startMeasuredServe(context, parts);
    const bus = await serve.connect("bench");
    const manager = await bus.connection.jetstreamManager();
    await manager.streams.add({ name: "bench", subjects: [storeSubject] });
    const connection = { url: serve.natsUrl, creds: serve.operatorCreds };
    await startProgram(context, parts, "responder", { ...connection, subject });
    const echo = await startProgram(context, parts, "echo", {});
    const bridge = parts.use(await startMeasuredBridge(context, await bridgeEnvironment(serve, "caller")));
    const client = await initializeMcp(bridge);
    const line = toolCallLine("report_status", report);

    const timed = async (act: () => Promise<unknown>) => {
      const startedMs = performance.now();
      await act();
      return performance.now() - startedMs;
    };
    const acts: Readonly<Record<string, () => Promise<unknown>>> = {
      echo: async () => {
        echo.write(line);
        await echo.nextLine();
      },
      request: () => bus.connection.request(subject, line, { timeout: 5_000 }),
      store: () => bus.connection.jetstream().publish(storeSubject, line),
      read: () => client.callTool("list_agents", {}),
      report: () => client.callTool("report_status", report),
    };
    for (const act of Object.values(acts)) for (let n = 0; n < 50; n += 1) await act();
    return Object.entries(acts).map(([name, act]) => ({
      name,
      measure: async (note) => {
        for (let n = 0; n < count; n += 1) note(name, await timed(act));
      },
    }));
  },
  judge(samples) {
    const [echo, request, store] = [samples.of("echo"), samples.of("request"), samples.of("store")];
    const hops = echo.map((ms, n) => ms + (request[n] ?? 0));
    return [
      buildRow({
        what: "a call that reads (list_agents)",
        unit: "ms",
        ours: samples.of("read"),
        limit: hops,
        targets: [{ of: "ratio", most: 1.5, reached: 3.3 }],
        remark: "limit: echo over stdio + raw request/reply",
      }),
      buildRow({
        what: "a call that is stored (report_status)",
        unit: "ms",
        ours: samples.of("report"),
        limit: hops.map((ms, n) => ms + (store[n] ?? 0)),
        targets: [{ of: "ratio", most: 1.4, reached: 2.4 }],
        remark: "limit: the same + raw JetStream publish",
      }),
    ];
  },
};
