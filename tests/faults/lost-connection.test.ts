// An order that was on its way to an agent as the connection was lost comes again soon: JetStream has delivered it to a
// connection that nobody reads any more, and waits for its acknowledgement.
import { expect, test } from "bun:test";
import { bridgeConsumer, inboxPrefix, streams } from "../../src/domain/wire/subjects.ts";
import { silentLogger as log } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { ensureBridgeConsumer } from "../../src/nats/jetstream/consumers.ts";
import { consumeOrders } from "../../src/nats/jetstream/follow.ts";
import { ensureStreams } from "../../src/nats/jetstream/streams.ts";
import { ada } from "../support/agents.ts";
import { leastRatio, msOf } from "../support/quickest.ts";
import { startSecureNats } from "../support/secure-nats.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

const tries = 3;

/** An agent that takes its orders through a proxy, with its own credentials. */
async function startTaking() {
  await using parts = new AsyncDisposableStack();
  const nats = parts.use(await startSecureNats());
  await ensureStreams(nats.serve, { replicas: 1 });
  await ensureBridgeConsumer(nats.serve, ada);
  const { creds } = await nats.mintAgent(ada);
  const proxy = parts.use(await startTcpProxy(Number(new URL(nats.url).port)));
  const url = `nats://127.0.0.1:${proxy.port}`;
  const bus = await connectBus({ url, name: ada, creds, inboxPrefix: inboxPrefix(ada), log });
  parts.defer(() => bus.close());
  const taken = new Set<string>();
  const onOrder = async (order: Parameters<Parameters<typeof consumeOrders>[2]>[0]) => {
    taken.add(JSON.parse(new TextDecoder().decode(order.data)));
    await order.ack().catch(order.giveBack);
  };
  const consuming = consumeOrders(bus, ada, (order) => void onOrder(order), log);
  parts.defer(() => consuming.stop());
  const api = await nats.serve.connection.jetstreamManager();
  const info = () => api.consumers.info(streams.commands, bridgeConsumer(ada));
  const send = (name: string) => nats.serve.publishStored(`agent.${ada}.command`, name);
  const comes = (name: string) => waitFor(() => taken.has(name), { what: name });
  await send("first");
  await comes("first");
  const owned = parts.move();
  return {
    ...{ proxy, send, comes, info },
    ackWaitMs: ((await info()).config.ack_wait ?? 0) / 1e6,
    /** Resolves when the connection is back. */
    back: () =>
      new Promise<void>((resolve) => {
        const unlisten = bus.onConnection((isUp) => {
          if (isUp) resolve(unlisten());
        });
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Taking = Awaited<ReturnType<typeof startTaking>>;

/** Loses the connection with an order on its way in it. Resolves when the connection is back. */
async function loseWithOrder({ proxy, send, info, back }: Taking, name: string): Promise<void> {
  // What was acknowledged a moment ago must not count below.
  await waitFor(async () => (await info()).num_ack_pending === 0, { what: "nothing is on its way" });
  proxy.stall();
  await send(name);
  await waitFor(async () => (await info()).num_ack_pending === 1, { what: `${name} is on its way` });
  const isBack = back();
  proxy.cut();
  proxy.restore();
  await isBack;
}

test("what was on its way as the connection was cut comes once more within two waits for an acknowledgement", async () => {
  await using taking = await startTaking();
  const tookMs: number[] = [];
  for (let i = 0; i < tries; i += 1) {
    await loseWithOrder(taking, `lost ${i}`);
    const backMs = performance.now();
    await taking.send(`new ${i}`);
    await taking.comes(`new ${i}`);
    await taking.comes(`lost ${i}`);
    tookMs.push(performance.now() - backMs);
  }
  // One shows that it can be done. Others wait for the processor while the machine does other things.
  expect(Math.min(...tookMs)).toBeLessThan(2 * taking.ackWaitMs);
});

/** Has the agent lose its connection in a way that nats-server does not notice, and connect anew. */
async function leaveUnnoticed({ proxy, back }: Taking & { readonly proxy: TcpProxy }): Promise<void> {
  const isBack = back();
  proxy.abandon();
  await isBack;
}

test("an order that is sent while nats-server still believes in the lost connection comes within a few waits", async () => {
  await using taking = await startTaking();
  // Each wait gives an order to the lost connection or to the new one, in turns.
  const mostWaits = 4;
  const waits = await leastRatio(mostWaits, async (time) => {
    await leaveUnnoticed(taking);
    const names = Array.from({ length: tries }, (_, i) => `order ${time}-${i}`);
    const tookMs = await msOf(async () => {
      for (const name of names) await taking.send(name);
      await Promise.all(names.map(taking.comes));
    });
    return tookMs / taking.ackWaitMs;
  });
  expect(waits).toBeLessThanOrEqual(mostWaits);
});
