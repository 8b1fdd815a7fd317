// Measures how long an agent's CLI waits for its bridge: from exec until `initialize` is answered, and until serve has a heartbeat.
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import { bridgeEnvironment, startMeasuredBridge } from "../bridge.ts";
import { startBenchChild } from "../child.ts";
import { initializeMcp } from "../mcp-client.ts";
import { buildRow, type Scenario } from "../scenario.ts";
import { startMeasuredServe } from "../serve.ts";

const starts = { full: 12, short: 8 };
const id = parseAgentId("starter");

export const bridgeStart: Scenario = {
  name: "bridge-start",
  title: "bridge start",
  rounds: { full: 4, short: 2 },
  isInShort: true,
  absent: ({ workshop }) =>
    workshop === undefined ? "its limit has to be compiled, which needs a source checkout" : undefined,
  async prepare(context, parts) {
    const bare = (await context.workshop?.compile("mcp-server")) ?? "";
    const serve = await startMeasuredServe(context, parts);
    const bus = await serve.connect("bench");
    const env = await bridgeEnvironment(serve, id);
    const count = context.isShort ? starts.short : starts.full;
    const startBare = async () => {
      const startedMs = performance.now();
      await using child = await startBenchChild([bare], []);
      await initializeMcp(child);
      return performance.now() - startedMs;
    };
    const startOurs = async () => {
      const beat = Promise.withResolvers<number>();
      const startedMs = performance.now();
      const unsubscribe = bus.subscribe(agentSubject(id, "heartbeat"), () => {
        beat.resolve(performance.now() - startedMs);
      });
      await bus.flush();
      const execMs = performance.now();
      await using child = await startMeasuredBridge(context, env);
      await initializeMcp(child);
      const initializedMs = performance.now() - execMs;
      const beatMs = (await beat.promise) - (execMs - startedMs);
      unsubscribe();
      return { initializedMs, beatMs };
    };
    await startBare();
    await startOurs();
    return [
      {
        name: "bare",
        measure: async (note) => {
          for (let n = 0; n < count; n += 1) note("bare", await startBare());
        },
      },
      {
        name: "ours",
        measure: async (note) => {
          for (let n = 0; n < count; n += 1) {
            const { initializedMs, beatMs } = await startOurs();
            note("initialized", initializedMs);
            note("beat", beatMs);
          }
        },
      },
    ];
  },
  judge: (samples) => [
    buildRow({
      what: "exec → initialize answered",
      unit: "ms",
      ours: samples.of("initialized"),
      limit: samples.of("bare"),
      targets: [
        { of: "ratio", most: 1.5, reached: 1.4 },
        { of: "median", most: 60 },
      ],
      remark: "limit: the MCP SDK with one tool, compiled alike",
    }),
    buildRow({
      what: "exec → first heartbeat at serve",
      unit: "ms",
      ours: samples.of("beat"),
      limit: samples.of("bare"),
      remark: "limit: the same program, which connects to nothing",
    }),
  ],
};
