// Measures a durable command from `send` to the receipt `delivered`, with a real bridge. The limit is a raw JetStream publish and a
// durable consumer on the same nats-server, without a receipt.
import { AckPolicy, nanos } from "nats";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import { openExistingBucket } from "../../nats/jetstream/bucket.ts";
import { sendAndWatch } from "../../server/send-and-watch.ts";
import { pause } from "../../waiting.ts";
import { bridgeEnvironment, startMeasuredBridge } from "../bridge.ts";
import { initializeMcp } from "../mcp-client.ts";
import { connectRaw } from "../programs/raw-nats.ts";
import { buildRow, type Scenario } from "../scenario.ts";
import { startMeasuredServe } from "../serve.ts";
import { waitUntil } from "../wait.ts";

const commands = { full: 150, short: 60 };
/** A pause as between a person's commands: the one before is acknowledged when the next is sent. */
const pauseMs = 10;
const id = parseAgentId("receiver");
const subject = "bench.command";

export const sendDelivered: Scenario = {
  name: "send",
  title: "send → delivered, durable",
  rounds: { full: 4, short: 2 },
  isInShort: true,
  async prepare(context, parts) {
    const serve = await startMeasuredServe(context, parts);
    const bus = await serve.connect("bench");
    const bridge = parts.use(await startMeasuredBridge(context, await bridgeEnvironment(serve, id)));
    await initializeMcp(bridge);
    const agents = await openExistingBucket(bus, buckets.agents);
    /** The record of the receiver, from which every sender of cliai takes the run that an order is for. */
    let target: AgentRecord | undefined;
    const isKnown = async () => {
      target = (await agents.get(id)) as AgentRecord | undefined;
      return target?.heartbeat?.instance_id !== undefined;
    };
    await waitUntil(isKnown, { what: `${id} is known` });
    const count = context.isShort ? commands.short : commands.full;

    const manager = await bus.connection.jetstreamManager();
    await manager.streams.add({ name: "bench", subjects: [subject] });
    await manager.consumers.add("bench", {
      durable_name: "bench",
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(30_000),
    });
    const taker = await connectRaw({ url: serve.natsUrl, creds: serve.operatorCreds });
    parts.defer(() => taker.close());
    const taken = new Map<string, (atMs: number) => void>();
    const consumer = await taker.jetstream().consumers.get("bench", "bench");
    void (async () => {
      for await (const message of await consumer.consume({ max_messages: 100 })) {
        const { command_id } = message.json<{ command_id: string }>();
        taken.get(command_id)?.(performance.now());
        message.ack();
      }
    })();
    let sent = 0;
    const command = (command_id: string) => ({ type: "resume", command_id, from: "bench" });
    const sendRaw = async () => {
      sent += 1;
      const command_id = `raw-${sent}`;
      const { promise, resolve } = Promise.withResolvers<number>();
      taken.set(command_id, resolve);
      const startedMs = performance.now();
      const text = JSON.stringify(command(command_id));
      await bus.connection.jetstream().publish(subject, text, { msgID: command_id });
      const takenMs = (await promise) - startedMs;
      taken.delete(command_id);
      return takenMs;
    };
    const sendOurs = async () => {
      const startedMs = performance.now();
      await sendAndWatch(
        bus,
        { id, type: "resume", from: "bench" },
        { wait: "delivered", timeoutMs: 10_000, target, now: () => new Date(), onReceipt: () => undefined },
      );
      return performance.now() - startedMs;
    };
    for (let n = 0; n < 20; n += 1) {
      await sendRaw();
      await sendOurs();
    }
    const side = (name: string, act: () => Promise<number>) => ({
      name,
      measure: async (note: (metric: string, value: number) => void) => {
        for (let n = 0; n < count; n += 1) {
          note(name, await act());
          await pause(pauseMs);
        }
      },
    });
    return [side("raw", sendRaw), side("ours", sendOurs)];
  },
  judge: (samples) => [
    buildRow({
      what: "command → receipt delivered",
      unit: "ms",
      ours: samples.of("ours"),
      limit: samples.of("raw"),
      targets: [
        { of: "ratio", most: 1.8, reached: 2.6 },
        { of: "p99", most: 10 },
      ],
      remark: "limit: raw JetStream publish + consume, no receipt",
    }),
  ],
};
