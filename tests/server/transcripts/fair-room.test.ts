// A stream TRANSCRIPTS that one agent fills: the others lose nothing.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { headers } from "nats";
import { type AgentId, parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { agentSubject, buckets, streams } from "../../../src/domain/wire/subjects.ts";
import { createLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { openBucket } from "../../../src/nats/jetstream/bucket.ts";
import { readStreamRoom } from "../../../src/nats/jetstream/stream-sizes.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { noteDropped, readDropped, readKept } from "../../../src/server/transcripts/dropped-entries.ts";
import { keepFairRoom, makeFairRoom } from "../../../src/server/transcripts/fair-room.ts";
import { readTranscript } from "../../../src/server/transcripts/transcripts.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestNats, type TestNats } from "../../support/nats.ts";
import { waitFor } from "../../support/wait-for.ts";

const carl = parseAgentId("carl");
const maxBytes = 2 * 1024 * 1024;

let nats: TestNats;
let bus: Bus;

beforeAll(async () => {
  nats = await startTestNats();
  bus = await nats.bus();
});
afterAll(() => nats[Symbol.asyncDispose]());

async function newStream(): Promise<void> {
  const manager = await bus.connection.jetstreamManager();
  await manager.streams.delete(streams.transcripts).catch(() => undefined);
  await ensureStreams(bus, { replicas: 1, transcriptRetention: { maxAgeMs: 3_600_000, maxBytes } });
}

const store = (id: AgentId, entry_id: string, size: number) =>
  bus.publishStored(agentSubject(id, "transcript"), { kind: "answer", entry_id, text: "x".repeat(size) });

/** Stores until the stream takes no more, or has taken more than fits. Returns how many it took. */
async function fill(storeNext: (i: number) => Promise<unknown>): Promise<number> {
  let count = 0;
  try {
    for (; count < 500; count += 1) await storeNext(count);
  } catch (error) {
    if (count < 50) throw error;
  }
  return count;
}

const flood = (id: AgentId) => fill((i) => store(id, `${i}`, 16_000));

async function idsOf(id: AgentId): Promise<string[]> {
  return (await readTranscript(bus, id, { limit: 1_000 })).entries.map(({ entry_id }) => entry_id);
}

describe("makeFairRoom()", () => {
  test("an agent that fills the stream pushes out none of the others' entries, and loses its own oldest ones", async () => {
    await newStream();
    for (let i = 0; i < 20; i += 1) await store(bob, `b${i}`, 1_000);
    await store(carl, "c0", 50_000);
    const count = await flood(ada);
    expect(await idsOf(bob)).toHaveLength(20);

    const dropped = await makeFairRoom(bus, () => true);
    expect(dropped.map(({ agent }) => agent)).toEqual(["ada"]);
    expect(await idsOf(bob)).toHaveLength(20);
    expect(await idsOf(carl)).toEqual(["c0"]);
    const kept = await idsOf(ada);
    expect(kept.at(-1)).toBe(`${count - 1}`);
    expect(kept[0]).not.toBe("0");
    const { bytes } = await readStreamRoom(bus, streams.transcripts);
    expect(bytes / maxBytes).toBeWithin(0.65, 0.77);
    await store(bob, "b20", 1_000);
  });

  test("the size of an entry is not what its publisher says, nor can it hide in the headers", async () => {
    await newStream();
    for (let i = 0; i < 300; i += 1) await store(bob, `b${i}`, 1_000);
    const lying = headers();
    lying.set("Nats-Msg-Size", "1");
    lying.set("X-Fill", "y".repeat(8_000));
    const subject = agentSubject(ada, "transcript");
    await fill((i) =>
      bus.connection.jetstream().publish(subject, `{"kind":"note","entry_id":"${i}"}`, { headers: lying }),
    );
    expect((await makeFairRoom(bus, () => true)).map(({ agent }) => agent)).toEqual(["ada"]);
    expect(await idsOf(bob)).toHaveLength(300);
  });

  test("drops nothing while there is room, nor without the lease", async () => {
    await newStream();
    for (let i = 0; i < 50; i += 1) await store(ada, `${i}`, 16_000);
    expect(await makeFairRoom(bus, () => true)).toEqual([]);
    await flood(ada);
    expect(await makeFairRoom(bus, () => false)).toEqual([]);
  });
});

test("keepFairRoom() makes room while a serve leads, says whose entries were dropped, and notes it for the pages", async () => {
  await newStream();
  await store(bob, "b0", 1_000);
  await flood(ada);
  const lines: string[] = [];
  const log = createLogger(
    "info",
    (line) => lines.push(line),
    () => new Date(),
  );
  await openBucket(bus, buckets.serve, { replicas: 1 });
  expect(await readKept(bus, ada)).toMatchObject({ oldest_at: expect.any(String), max_age_s: 3_600 });
  expect((await readKept(bus, ada)).dropped).toBeUndefined();
  const now = () => new Date("2026-01-01T01:00:00Z");
  const stop = keepFairRoom({ bus, lease: { isLeader: () => true }, now, log });
  try {
    await waitFor(() => lines.length > 0, { what: "room is made" });
  } finally {
    stop();
  }
  const at = "2026-01-01T01:00:00.000Z";
  const dropped = { agent_id: ada, bytes: expect.any(Number), first_at: at, last_at: at };
  expect(await readDropped(bus)).toEqual([dropped]);
  expect((await readKept(bus, ada)).dropped).toEqual(dropped);
  expect((await readKept(bus, bob)).dropped).toBeUndefined();
  // More of the same agent is added to it; a stream that is made anew has lost nothing.
  const [{ bytes = 0 } = {}] = await readDropped(bus);
  await noteDropped(bus, { agent: ada, bytes: 5, keptFrom: 400 }, new Date("2026-01-02T00:00:00Z"));
  expect(await readDropped(bus)).toMatchObject([
    { bytes: bytes + 5, first_at: at, last_at: "2026-01-02T00:00:00.000Z" },
  ]);
  expect(lines.join("\n")).toMatch(/the oldest entries .* were dropped: ada \(0\.\d MB\)/);
  expect(await idsOf(bob)).toEqual(["b0"]);
  await newStream();
  expect(await readDropped(bus)).toEqual([]);
});
