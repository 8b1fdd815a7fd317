import { describe, expect, test } from "bun:test";
import type { Bus } from "../../../src/nats/bus.ts";
import {
  type ReadOptions,
  readLastMessage,
  readStream,
  readStreamFacts,
} from "../../../src/nats/jetstream/read-stream.ts";
import { startTestNats, type TestNats } from "../../support/nats.ts";
import { waitFor } from "../../support/wait-for.ts";

/** A stream `S` with a message on each of these subjects, in their order; its payload is its subject. */
async function fill(bus: Bus, subjects: readonly string[]): Promise<void> {
  const manager = await bus.connection.jetstreamManager();
  await manager.streams.add({ name: "S", subjects: ["s.>"] });
  for (const subject of subjects) bus.publish(subject, subject);
  await waitFor(async () => (await readStreamFacts(bus, "S")).messages === subjects.length, {
    what: "all messages",
  });
}

const stream = "S";

async function readAll(bus: Bus, options: Omit<ReadOptions, "stream">): Promise<string[]> {
  const found: string[] = [];
  for await (const { seq, subject } of readStream(bus, { stream, ...options }))
    found.push(`${seq} ${subject}`);
  return found;
}

/** Kills nats-server, and resolves when the connection is back. */
async function lose(nats: TestNats, bus: Bus): Promise<void> {
  const restarts = nats.server.restarts();
  nats.kill();
  await waitFor(() => nats.server.restarts() > restarts && bus.isConnected(), {
    what: "nats-server is back",
  });
}

/** Reads, and loses the connection at the first message. Resolves with the sequences that came. */
async function readOverLoss(
  nats: TestNats,
  bus: Bus,
  options: Omit<ReadOptions, "stream">,
): Promise<number[]> {
  const seqs: number[] = [];
  for await (const { seq } of readStream(bus, { stream, ...options })) {
    if (seqs.length === 0) await lose(nats, bus);
    seqs.push(seq);
  }
  return seqs;
}

/** More than one pull of the reader brings. */
const many = 3_000;
const eachItsOwn = Array.from({ length: many }, (_, n) => `s.${n}`);

describe("readStream()", () => {
  test("reads what the stream holds, of the subjects and from the place that are asked for", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await fill(bus, ["s.a", "s.b", "s.c.x", "s.a", "s.d"]);
    expect(await readAll(bus, {})).toEqual(["1 s.a", "2 s.b", "3 s.c.x", "4 s.a", "5 s.d"]);
    expect(await readAll(bus, { from: 4 })).toEqual(["4 s.a", "5 s.d"]);
    expect(await readAll(bus, { from: 6 })).toEqual([]);
    expect(await readAll(bus, { subjects: ["s.c.>", "s.a"], from: 2 })).toEqual(["3 s.c.x", "4 s.a"]);
    expect(await readAll(bus, { sinceMs: Date.now() + 60_000 })).toEqual([]);
    expect(await readAll(bus, { sinceMs: 0, subjects: ["s.d"] })).toEqual(["5 s.d"]);
    expect(await readAll(bus, { subjects: ["s.>"], lastOfEach: true })).toEqual([
      "2 s.b",
      "3 s.c.x",
      "4 s.a",
      "5 s.d",
    ]);
  });

  test("ends with what it held at the start, whatever comes meanwhile", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await fill(bus, eachItsOwn);
    const seen: string[] = [];
    for await (const { subject } of readStream(bus, { stream })) {
      if (seen.length === 0) await bus.publishStored("s.later", "later");
      seen.push(subject);
    }
    expect(seen).toEqual(eachItsOwn);
  });

  test("goes on where it was after a loss of the connection: each message comes once", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await fill(bus, eachItsOwn);
    const seqs = await readOverLoss(nats, bus, {});
    expect(seqs).toEqual(eachItsOwn.map((_, n) => n + 1));
  });

  test("with the last message of each subject, begins again after a loss of the connection, and leaves none out", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await fill(bus, eachItsOwn);
    const seqs = await readOverLoss(nats, bus, { subjects: ["s.>"], lastOfEach: true });
    expect(new Set(seqs).size).toBe(many);
  });

  test("of a stream that is not there is an error", async () => {
    await using nats = await startTestNats();
    await expect(readAll(await nats.bus(), {})).rejects.toMatchObject({ code: "failed" });
  });
});

describe("readStreamFacts()", () => {
  test("names a stream that is not there, with what makes it", async () => {
    await using nats = await startTestNats();
    await expect(readStreamFacts(await nats.bus(), "NONE")).rejects.toMatchObject({
      ...{ code: "usage", message: expect.stringContaining('"NONE"') },
      hint: expect.stringContaining("cliai serve"),
    });
  });
});

describe("readLastMessage()", () => {
  test("is the last on the subject; undefined without one", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await fill(bus, ["s.a", "s.b", "s.a", "s.b"]);
    expect((await readLastMessage(bus, stream, "s.a"))?.seq).toBe(3);
    expect(await readLastMessage(bus, stream, "s.c")).toBeUndefined();
  });
});
