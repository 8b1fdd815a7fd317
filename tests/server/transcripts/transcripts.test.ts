import { describe, expect, test } from "bun:test";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { agentSubject } from "../../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { followTranscript, readTranscript } from "../../../src/server/transcripts/transcripts.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { waitFor } from "../../support/wait-for.ts";

const idsOf = (page: { readonly entries: readonly { readonly entry_id: string }[] }) =>
  page.entries.map(({ entry_id }) => entry_id);

describe("readTranscript()", () => {
  test("gives the newest entries of one agent, and pages to both sides, among those of many others", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const seqs = new Map<string, number>();
    const store = async (id: string, entry_id: string) => {
      const subject = agentSubject(parseAgentId(id), "transcript");
      const { seq } = await bus.publishStored(subject, { kind: "answer", entry_id, text: entry_id });
      if (id === "ada") seqs.set(entry_id, seq);
    };
    for (let i = 1; i <= 12; i += 1) {
      await store("ada", `a${i}`);
      // The others write much more, and not evenly.
      for (let j = 0; j < i * 3; j += 1) await store(`Other-${j % 5}`, `o${i}-${j}`);
    }
    const newest = await readTranscript(bus, ada, { limit: 5 });
    expect(idsOf(newest)).toEqual(["a8", "a9", "a10", "a11", "a12"]);
    expect(newest).toMatchObject({ has_older: true, has_newer: false });

    const before = await readTranscript(bus, ada, { limit: 5, before: seqs.get("a8") });
    expect(idsOf(before)).toEqual(["a3", "a4", "a5", "a6", "a7"]);
    expect(before).toMatchObject({ has_older: true, has_newer: true });
    const first = await readTranscript(bus, ada, { limit: 5, before: seqs.get("a3") });
    expect(idsOf(first)).toEqual(["a1", "a2"]);
    expect(first.has_older).toBe(false);

    const after = await readTranscript(bus, ada, { limit: 3, after: seqs.get("a3") });
    expect(idsOf(after)).toEqual(["a4", "a5", "a6"]);
    expect(after).toMatchObject({ has_older: true, has_newer: true });
    const last = await readTranscript(bus, ada, { limit: 50, after: seqs.get("a10") });
    expect(idsOf(last)).toEqual(["a11", "a12"]);
    expect(last.has_newer).toBe(false);
    expect(await readTranscript(bus, bob, { limit: 5 })).toEqual({
      ...{ entries: [], has_older: false, has_newer: false },
    });
    const all = await readTranscript(bus, ada, { limit: 100 });
    expect(idsOf(all)).toHaveLength(12);
  });

  test("since and until bound the time at which the entries were stored", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const store = (entry_id: string) =>
      bus.publishStored(agentSubject(ada, "transcript"), { kind: "answer", entry_id });
    const tick = async () => {
      const from = Date.now();
      await waitFor(() => Date.now() > from + 1, { what: "the clock goes on", intervalMs: 1 });
      return Date.now();
    };
    await store("a1");
    const between = await tick();
    await tick();
    await store("a2");
    expect(idsOf(await readTranscript(bus, ada, { limit: 5, sinceMs: between }))).toEqual(["a2"]);
    const until = await readTranscript(bus, ada, { limit: 5, untilMs: between });
    expect(idsOf(until)).toEqual(["a1"]);
    expect(until.has_newer).toBe(true);
    expect(idsOf(await readTranscript(bus, ada, { limit: 5, sinceMs: between, untilMs: between }))).toEqual(
      [],
    );
  });

  test("what is no entry becomes a note, and an entry that was stored twice is shown once", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const subject = agentSubject(ada, "transcript");
    await bus.publishStored(subject, { kind: "answer", entry_id: "a1", session_id: "s1" });
    await bus.publishStored(subject, { kind: "answer", entry_id: "a1", session_id: "s1" });
    await bus.publishStored(subject, { entry_id: 7 });
    const { entries } = await readTranscript(bus, ada, { limit: 5 });
    expect(entries).toMatchObject([
      { entry_id: "a1" },
      { kind: "note", is_error: true, text: expect.stringContaining("entry_id") },
    ]);
  });

  test("takes no longer with an entry that was stored many times than with as many entries", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const count = 1_600;
    const text = "x".repeat(1_000);
    const publish = (id: typeof ada, idOf: (i: number) => string) =>
      Promise.all(
        Array.from({ length: count }, (_, i) =>
          bus.publishStored(agentSubject(id, "transcript"), { kind: "answer", entry_id: idOf(i), text }),
        ),
      );
    await publish(bob, (i) => `b${i}`);
    await publish(ada, () => "again");
    const processorMsOf = async (id: typeof ada, limit: number) => {
      const before = process.cpuUsage();
      const page = await readTranscript(bus, id, { limit, after: 0 });
      const { user } = process.cpuUsage(before);
      return { page, ms: user / 1_000 };
    };
    const { ms: usualMs } = await processorMsOf(bob, count);
    const { page, ms } = await processorMsOf(ada, count / 4);
    expect(idsOf(page)).toEqual(["again"]);
    // One more ms than measured, because the clock of the processor is coarse.
    expect(ms / (usualMs + 1)).toBeLessThan(8);
  });

  test("gives as many entries as are asked for while others come", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const subject = agentSubject(ada, "transcript");
    const store = (entry_id: string) => bus.publishStored(subject, { kind: "answer", entry_id });
    for (let i = 0; i < 300; i += 1) await store(`a${i}`);
    let isWriting = true;
    const write = async (writer: number) => {
      for (let i = 0; isWriting; i += 1) await store(`b${writer}-${i}`);
    };
    const writing = Promise.all(Array.from({ length: 50 }, (_, writer) => write(writer)));
    try {
      for (let i = 0; i < 20; i += 1) {
        const { entries, has_older } = await readTranscript(bus, ada, { limit: 5 });
        expect({ count: entries.length, has_older }).toEqual({ count: 5, has_older: true });
      }
    } finally {
      isWriting = false;
      await writing;
    }
  });
});

test("followTranscript() tells each entry after a sequence, of this agent only", async () => {
  await using nats = await startTestNats();
  const bus: Bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  const store = (id: typeof ada, entry_id: string) =>
    bus.publishStored(agentSubject(id, "transcript"), { kind: "answer", entry_id });
  const { seq } = await store(ada, "a1");
  const told: string[] = [];
  const onEntry = ({ entry_id }: { entry_id: string }) => told.push(entry_id);
  const stop = followTranscript(bus, ada, seq, { log: silentLogger, onEntry });
  await store(bob, "b1");
  await store(ada, "a2");
  await store(ada, "a3");
  await waitFor(() => told.length === 2, { what: "both entries", saw: () => told });
  expect(told).toEqual(["a2", "a3"]);
  await stop();
});
