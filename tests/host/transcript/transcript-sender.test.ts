// Entries on their way to the stream TRANSCRIPTS: once each, in order, also if the connection is away meanwhile.
import { describe, expect, test } from "bun:test";
import { streams } from "../../../src/domain/wire/subjects.ts";
import { createTranscriptSender } from "../../../src/host/transcript/transcript-sender.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { readTranscript } from "../../../src/server/transcripts/transcripts.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { until } from "../../support/wait-for.ts";

const entry = (id: string, text = id) => ({ id, kind: "answer" as const, text });

function senderOver(connected: () => Promise<Bus>, instanceId = "run-1") {
  const now = () => new Date();
  return createTranscriptSender({ id: ada, instanceId, link: { connected }, now, log: silentLogger });
}

describe("createTranscriptSender()", () => {
  test("an entry of a session is stored once, although another run sends it again; and without its secrets", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const first = senderOver(() => Promise.resolve(bus));
    first.send(entry("e1"), "s1");
    first.send(entry("e2", `key sk-${"a".repeat(40)}`), "s1");
    await until("both are stored", () => first.waiting() === 0);
    const second = senderOver(() => Promise.resolve(bus), "run-2");
    for (const id of ["e1", "e2", "e3"]) second.send(entry(id), "s1");
    second.send(entry("e1"), "s2");
    await second.close(5_000);
    const { entries } = await readTranscript(bus, ada, { limit: 10 });
    expect(entries.map(({ entry_id, session_id, text }) => [session_id, entry_id, text])).toEqual([
      ["s1", "e1", "e1"],
      ["s1", "e2", "key ***"],
      ["s1", "e3", "e3"],
      ["s2", "e1", "e1"],
    ]);
  });

  test("keeps the entries while there is no connection, and sends them in order", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const back = Promise.withResolvers<Bus>();
    const sender = senderOver(() => back.promise);
    for (const id of ["e1", "e2", "e3"]) sender.send(entry(id), "s1");
    expect(sender.waiting()).toBe(3);
    back.resolve(bus);
    await until("all are stored", () => sender.waiting() === 0);
    const { entries } = await readTranscript(bus, ada, { limit: 10 });
    expect(entries.map(({ entry_id }) => entry_id)).toEqual(["e1", "e2", "e3"]);
  });

  test("an entry is not in AUDIT", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const sender = senderOver(() => Promise.resolve(bus));
    sender.send(entry("e1"), "s1");
    await until("it is stored", () => sender.waiting() === 0);
    const { streams: api } = await bus.connection.jetstreamManager();
    expect((await api.info(streams.audit)).state.messages).toBe(0);
    expect((await api.info(streams.transcripts)).state.messages).toBe(1);
  });
});
