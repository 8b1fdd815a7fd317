// Entries on their way to the stream TRANSCRIPTS: once each, in order, also if the connection is away meanwhile.
import { describe, expect, test } from "bun:test";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { streams } from "../../../src/domain/wire/subjects.ts";
import {
  createTranscriptSender,
  type TranscriptSender,
} from "../../../src/host/transcript/transcript-sender.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { readTranscript } from "../../../src/server/transcripts/transcripts.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { until } from "../../support/wait-for.ts";

const entry = (id: string, text = id) => ({ id, kind: "answer" as const, text });

function senderOver(
  connected: (signal: AbortSignal) => Promise<Bus>,
  instanceId = "run-1",
  onLost: (count: number, why: string) => void = () => undefined,
  { tryAgainMs = 0, isAway = false } = {},
) {
  const now = () => new Date();
  // Only whether there is one counts.
  const bus = () => (isAway ? undefined : ({} as Bus));
  const own = { id: ada, instanceId, onLost, tryAgainMs };
  return createTranscriptSender({ ...own, link: { connected, bus }, now, log: silentLogger });
}

const storedOrLost = (sender: TranscriptSender) =>
  until("all entries are stored or lost", () => sender.waiting() === 0);

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

  test("entries that the store refuses are counted for an alert, and a note stands in their place", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const told: string[] = [];
    let isFull = true;
    const refusing: Bus = {
      ...bus,
      publishStored: (...args) =>
        isFull ? Promise.reject(new CliaiError("store_unavailable", "no room")) : bus.publishStored(...args),
    };
    const onLost = (count: number, why: string) => told.push(`${count}: ${why}`);
    const sender = senderOver(() => Promise.resolve(refusing), "run-1", onLost);
    for (const id of ["e1", "e2", "e3"]) sender.send(entry(id), "s1");
    await storedOrLost(sender);
    expect(told).toEqual(["1: 1 entry could not be stored: no room"]);
    isFull = false;
    sender.send(entry("e4"), "s1");
    await storedOrLost(sender);
    expect(told.slice(1)).toEqual(["2: 2 entries could not be stored: no room"]);
    const shown = async () => (await readTranscript(bus, ada, { limit: 10 })).entries.map(({ text }) => text);
    const note = "3 entries are missing here, because the store did not take them: no room";
    expect(await shown()).toEqual([note, "e4"]);

    isFull = true;
    sender.send(entry("e5"), "s1");
    await storedOrLost(sender);
    isFull = false;
    await sender.close(5_000);
    const last = "1 entry is missing here, because the store did not take it: no room";
    expect(await shown()).toEqual([note, "e4", last]);
    expect(told).toHaveLength(3);
  });

  test("the oldest entries are counted, too, if they are dropped because NATS is away", async () => {
    const told: string[] = [];
    const away = new Promise<Bus>(() => undefined);
    const sender = senderOver(
      () => away,
      "run-1",
      (count, why) => told.push(`${count}: ${why}`),
      { isAway: true },
    );
    for (let i = 0; i < 2_010; i += 1) sender.send(entry(`e${i}`), "s1");
    await sender.close(0);
    expect(told).toEqual([
      "1: 1 entry could not be stored: NATS was away for too long",
      // With those that still wait at the end.
      "2009: 2,009 entries could not be stored: the session ended first",
    ]);
  });

  test("entries that are dropped because the store is full are counted with that reason", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const told: string[] = [];
    const triedAgain = Promise.withResolvers<void>();
    let tries = 0;
    const full: Bus = {
      ...bus,
      publishStored() {
        tries += 1;
        if (tries === 1) return Promise.reject(new CliaiError("store_unavailable", "no room"));
        triedAgain.resolve();
        return new Promise(() => undefined);
      },
    };
    const onLost = (count: number, why: string) => told.push(`${count}: ${why}`);
    const sender = senderOver(() => Promise.resolve(full), "run-1", onLost);
    sender.send(entry("e0"), "s1");
    await triedAgain.promise;
    for (let i = 1; i <= 2_000; i += 1) sender.send(entry(`e${i}`), "s1");
    expect(told).toEqual(["1: 1 entry could not be stored: no room"]);
    await sender.close(0);
  });

  test("an entry that is being stored is not dropped, so it is never both stored and counted", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const told: string[] = [];
    const stored: { readonly text: string }[] = [];
    const [tried, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow: Bus = {
      ...bus,
      async publishStored(_subject, body) {
        tried.resolve();
        await done.promise;
        stored.push(body as { text: string });
        return { seq: stored.length, duplicate: false };
      },
    };
    const onLost = (count: number, why: string) => told.push(`${count}: ${why}`);
    const sender = senderOver(() => Promise.resolve(slow), "run-1", onLost);
    sender.send(entry("e0"), "s1");
    await tried.promise;
    for (let i = 1; i < 2_003; i += 1) sender.send(entry(`e${i}`), "s1");
    done.resolve();
    await storedOrLost(sender);
    const why = "the store takes entries too slowly";
    const note = `3 entries are missing here, because the store did not take them: ${why}`;
    expect(stored.slice(0, 3).map(({ text }) => text)).toEqual(["e0", note, "e4"]);
    expect(stored).toHaveLength(2_001);
    expect(told).toEqual([
      `1: 1 entry could not be stored: ${why}`,
      `2: 2 entries could not be stored: ${why}`,
    ]);
    await sender.close(0);
  });

  test("what waits at the end of the session is counted, with the trouble, but for what is read again", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const told: string[] = [];
    const tried = Promise.withResolvers<void>();
    const full: Bus = {
      ...bus,
      publishStored() {
        tried.resolve();
        return Promise.reject(new CliaiError("store_unavailable", "no room"));
      },
    };
    const onLost = (count: number, why: string) => told.push(`${count}: ${why}`);
    const sender = senderOver(() => Promise.resolve(full), "run-1", onLost, { tryAgainMs: 60_000 });
    for (const id of ["e1", "e2", "e3"]) sender.send(entry(id), "s1");
    sender.send(entry("e4"), "s1", { isReadAgain: true });
    await tried.promise;
    await sender.close(0);
    expect(told).toEqual(["3: 3 entries could not be stored: no room"]);
    expect(sender.waiting()).toBe(4);

    const readAgain = senderOver(() => Promise.resolve(full), "run-2", onLost, { tryAgainMs: 60_000 });
    readAgain.send(entry("e4"), "s1", { isReadAgain: true });
    await readAgain.close(0);
    expect(told).toHaveLength(1);
  });

  test("what the session did not wait for is counted, and a note stands in its place", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const told: string[] = [];
    const stored: unknown[] = [];
    const ended = Promise.withResolvers<void>();
    const slow: Bus = {
      ...bus,
      async publishStored(_subject, body) {
        if (stored.length === 0) await ended.promise;
        stored.push(body);
        return { seq: stored.length, duplicate: false };
      },
    };
    const connected = (signal: AbortSignal) => {
      signal.addEventListener("abort", () => ended.resolve());
      return Promise.resolve(slow);
    };
    const sender = senderOver(connected, "run-1", (count, why) => told.push(`${count}: ${why}`));
    for (const id of ["e1", "e2", "e3"]) sender.send(entry(id), "s1");
    await sender.close(200);
    expect(told).toEqual(["2: 2 entries could not be stored: the session ended first"]);
    const note = "2 entries are missing here, because the store did not take them: the session ended first";
    expect(stored).toMatchObject([{ text: "e1" }, { text: note }]);
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
