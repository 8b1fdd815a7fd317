// The index over a real stream AUDIT: filled from it, exact after a restart, and made anew when the stream is another one.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { auditToolSubject, buckets } from "../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { openBucket } from "../../src/nats/jetstream/bucket.ts";
import { ensureStreams } from "../../src/nats/jetstream/streams.ts";
import { startFilling } from "../../src/search/fill-index.ts";
import { findRecords } from "../../src/search/find-records.ts";
import { noteForgotten, readForgotten } from "../../src/search/forgotten.ts";
import type { IndexEntry } from "../../src/search/index-tables.ts";
import type { FindAsk } from "../../src/search/search.ts";
import { openSearchIndex } from "../../src/search/search-index.ts";
import { searchSources } from "../../src/search/sources.ts";
import { ada } from "../support/agents.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

let nats: TestNats;
let bus: Bus;

beforeAll(async () => {
  nats = await startTestNats();
  bus = await nats.bus();
});
afterAll(() => nats[Symbol.asyncDispose]());

/** An empty stream AUDIT. */
async function newStream(): Promise<void> {
  const manager = await bus.connection.jetstreamManager();
  for (const name of ["AUDIT", "TRANSCRIPTS"]) await manager.streams.delete(name).catch(() => undefined);
  await ensureStreams(bus, { replicas: 1 });
  await openBucket(bus, buckets.serve, { replicas: 1 });
}

const say = (id: string, detail: string) =>
  bus.publishStored(`agent.${id}.event`, { kind: "said", detail }, { id: crypto.randomUUID() });

async function openSearch(path: string) {
  const forgotten = await readForgotten(bus);
  const isForgotten = (stream: string, { agent_id = "", seq }: IndexEntry) =>
    seq <= (forgotten.get(agent_id)?.[stream] ?? 0);
  const index = await openSearchIndex({ path, maxBytes: 100_000_000, log: silentLogger });
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => failures.push(error);
  const filling = startFilling(bus, {
    index,
    sources: searchSources,
    isForgotten,
    log: silentLogger,
    onFailure,
  });
  await filling.caughtUp;
  return {
    index,
    failures,
    find: (ask: FindAsk) => findRecords({ bus, index, sources: searchSources }, ask),
    async [Symbol.asyncDispose]() {
      await filling.stop();
      index.close();
    },
  };
}

describe("findRecords()", () => {
  test("finds what the stream held and what comes, with the place in the text, newest first", async () => {
    await newStream();
    await using dir = await tempDir();
    await say("ada", "the build has no answer from the cache");
    await bus.publishStored(
      "agent.bob.status",
      { status: "working", message: "no answer yet" },
      { id: "s1" },
    );
    await using search = await openSearch(dir.join("index.db"));
    const found = await search.find({ text: '"no answer"' });
    expect(found).toMatchObject({ more: 0, more_at_least: false, older_are: null, waiting: 0 });
    expect(found.hits).toMatchObject([
      { stream: "AUDIT", seq: 2, agent_id: "bob", kind: "status" },
      { stream: "AUDIT", seq: 1, agent_id: "ada", kind: "said" },
    ]);
    expect(found.hits[1]?.snippet).toEqual([
      { text: "the build has " },
      { text: "no answer", hit: true },
      { text: " from the cache" },
    ]);
    await say("ada", "now there is an answer");
    const isFound = async () => (await search.find({ text: "now answer" })).hits.length === 1;
    await waitFor(isFound, { what: "the new record is found" });
    expect((await search.find({ text: "answer", agents: ["ada"] })).hits).toHaveLength(2);
    expect((await search.find({ text: "answer", kind: "status" })).hits).toHaveLength(1);
    expect((await search.find({ text: "answer", limit: 1 })).more).toBe(2);
    expect((await search.find({ text: "answers" })).hits).toEqual([]);
  });

  test("finds what is only in a transcript, among the others by its time", async () => {
    await newStream();
    await using dir = await tempDir();
    await say("ada", "hello from the audit");
    const entry = { entry_id: "e1", kind: "answer", text: "hello from the transcript" };
    await bus.publishStored("agent.ada.transcript", entry, { id: "e1" });
    await using search = await openSearch(dir.join("index.db"));
    const found = await search.find({ text: "hello" });
    expect(found.hits.map(({ stream, kind }) => [stream, kind])).toEqual(
      expect.arrayContaining([
        ["TRANSCRIPTS", "answer"],
        ["AUDIT", "said"],
      ]),
    );
    expect((await search.find({ text: "hello", kind: "transcript" })).hits).toMatchObject([
      { stream: "TRANSCRIPTS", seq: 1, agent_id: "ada" },
    ]);
  });

  test("makes one hit of the records of one statement, and counts none of them as left out", async () => {
    await newStream();
    await using dir = await tempDir();
    const words = "hello, the cache was read before the build had filled it";
    await say("ada", "hello, an earlier word");
    await say("ada", words);
    const entry = { entry_id: "e1", kind: "answer", text: words };
    await bus.publishStored("agent.ada.transcript", entry, { id: "e1" });
    const call = { tool: "send_message", arguments: { to: "bob", text: words } };
    await bus.publishStored(auditToolSubject(ada), call, { id: "c1" });
    await using search = await openSearch(dir.join("index.db"));
    const places = ({ hits, more }: Awaited<ReturnType<typeof search.find>>) => [
      ...hits.map(({ stream, kind }) => `${stream} ${kind}`),
      more,
    ];
    expect(places(await search.find({ text: "hello" }))).toEqual(["TRANSCRIPTS answer", "AUDIT said", 0]);
    expect(places(await search.find({ text: "hello", limit: 1 }))).toEqual(["TRANSCRIPTS answer", 1]);
    expect(places(await search.find({ text: "hello", kind: "tool" }))).toEqual(["AUDIT tool", 0]);
  });

  test("finds only records since a time", async () => {
    await newStream();
    await using dir = await tempDir();
    await say("ada", "hello one");
    const [first] = await readTimes();
    // The next record gets a later millisecond.
    await waitFor(() => Date.now() > Date.parse(first ?? ""), { what: "the next millisecond" });
    await say("ada", "hello two");
    await using search = await openSearch(dir.join("index.db"));
    const [, second = ""] = await readTimes();
    expect((await search.find({ text: "hello", since: second })).hits.map(({ seq }) => seq)).toEqual([2]);
    const later = new Date(Date.parse(second) + 60_000).toISOString();
    expect((await search.find({ text: "hello", since: later })).hits).toEqual([]);
  });

  test("goes on after a restart where it was, and adds nothing twice", async () => {
    await newStream();
    await using dir = await tempDir();
    await say("ada", "hello one");
    {
      await using before = await openSearch(dir.join("index.db"));
      expect((await before.find({ text: "hello" })).hits).toHaveLength(1);
    }
    await say("ada", "hello two");
    await using after = await openSearch(dir.join("index.db"));
    expect((await after.find({ text: "hello" })).hits.map(({ seq }) => seq)).toEqual([2, 1]);
    expect(after.failures).toEqual([]);
  });

  test("says that older records are gone, and finds none of them", async () => {
    await newStream();
    await using dir = await tempDir();
    for (const word of ["one", "two", "three"]) await say("ada", `hello ${word}`);
    await using search = await openSearch(dir.join("index.db"));
    const manager = await bus.connection.jetstreamManager();
    await manager.streams.purge("AUDIT", { seq: 3 });
    const found = await search.find({ text: "hello" });
    expect(found.hits.map(({ seq }) => seq)).toEqual([3]);
    expect(found).toMatchObject({ more: 0, older_are: "removed", searched_since: found.hits[0]?.at });
  });

  test("a single record that was removed is neither shown nor counted", async () => {
    await newStream();
    await using dir = await tempDir();
    for (const word of ["one", "two", "three"]) await say("ada", `hello ${word}`);
    await using search = await openSearch(dir.join("index.db"));
    const manager = await bus.connection.jetstreamManager();
    await manager.streams.deleteMessage("AUDIT", 2);
    const found = await search.find({ text: "hello", limit: 2 });
    expect(found.hits.map(({ seq }) => seq)).toEqual([3, 1]);
    expect(found.more).toBe(0);
  });

  test("begins anew if the stream was made anew", async () => {
    await newStream();
    await using dir = await tempDir();
    await say("ada", "hello of the first");
    await say("ada", "hello again");
    {
      await using before = await openSearch(dir.join("index.db"));
      expect((await before.find({ text: "hello" })).hits).toHaveLength(2);
    }
    await newStream();
    await say("ada", "hello of the second");
    await using after = await openSearch(dir.join("index.db"));
    const { hits } = await after.find({ text: "hello" });
    expect(hits.flatMap(({ snippet }) => snippet.map(({ text }) => text)).join("")).toBe(
      "hello of the second",
    );
  });

  test("an index that is made anew leaves out what was forgotten, and not a new agent of the same name", async () => {
    await newStream();
    await using dir = await tempDir();
    await say("ada", "hello from the first ada");
    await say("bob", "hello from bob");
    await noteForgotten(bus, ada, searchSources, new Date());
    await say("ada", "hello from the second ada");
    await using search = await openSearch(dir.join("index.db"));
    expect((await search.find({ text: "hello" })).hits.map(({ seq }) => seq)).toEqual([3, 2]);
  });

  test("a note about records that no stream has any more is erased", async () => {
    await newStream();
    await say("ada", "hello");
    await noteForgotten(bus, ada, searchSources, new Date());
    expect([...(await readForgotten(bus)).keys()]).toEqual(["ada"]);
    await (await bus.connection.jetstreamManager()).streams.purge("AUDIT");
    expect([...(await readForgotten(bus)).keys()]).toEqual([]);
  });

  test("an index that can no longer be written stops the filling, and says why", async () => {
    await newStream();
    await using dir = await tempDir();
    await using search = await openSearch(dir.join("index.db"));
    search.index.close();
    await say("ada", "hello");
    await waitFor(() => search.failures.length > 0, { what: "the failure is told" });
    expect(search.failures).toHaveLength(1);
  });
});

async function readTimes(): Promise<string[]> {
  const manager = await bus.connection.jetstreamManager();
  const { first_seq, last_seq } = (await manager.streams.info("AUDIT")).state;
  const times: string[] = [];
  for (let seq = first_seq; seq <= last_seq; seq += 1)
    times.push((await manager.streams.getMessage("AUDIT", { seq })).time.toISOString());
  return times;
}
