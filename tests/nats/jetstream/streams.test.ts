import { expect, test } from "bun:test";
import { agentSubject, streams } from "../../../src/domain/wire/subjects.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";

test("ensureStreams() has nats-server keep the ids of orders for a day, and none of what agents report; in streams of before too", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  const { streams: api } = await bus.connection.jetstreamManager();
  const hour = 60 * 60 * 1e9;
  const windows = async () =>
    await Promise.all(
      [streams.commands, streams.audit, streams.transcripts].map(
        async (name) => ((await api.info(name)).config.duplicate_window ?? 0) / hour,
      ),
    );
  // Entries of transcripts have a window of their own.
  expect(await windows()).toEqual([24, 0, 1]);
  // As 0.1.0 made them.
  for (const [name, hours] of [[streams.commands, 7 * 24] as const, [streams.audit, 24] as const]) {
    await api.update(name, { ...(await api.info(name)).config, duplicate_window: hours * hour });
  }
  expect(await windows()).toEqual([7 * 24, 24, 1]);
  await ensureStreams(bus, { replicas: 1 });
  expect(await windows()).toEqual([24, 0, 1]);

  const report = () =>
    bus.publishStored(agentSubject(ada, "event"), { kind: "activity" }, { id: "x".repeat(60_000) });
  expect([await report(), await report()]).toEqual([
    { seq: 1, duplicate: false },
    { seq: 2, duplicate: false },
  ]);
});
