// Settings of retention that were made smaller, and a store that was put back from an older copy, on a real nats-server.
import { expect, test } from "bun:test";
import { cp, rm } from "node:fs/promises";
import { openStreamSource } from "../../src/audit/audit-source.ts";
import { openHeadFile, readHeadNote } from "../../src/audit/head-file.ts";
import { createSigningKey, type SigningKey } from "../../src/audit/signing.ts";
import { silentLogger } from "../../src/log.ts";
import { startNatsServer } from "../../src/nats/child/server-process.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { readStreamFacts } from "../../src/nats/jetstream/read-stream.ts";
import { startServer } from "../../src/server/start-server.ts";
import { fill, now, signed, verify, verifyStream } from "../audit/audit-fixture.ts";
import { testServerBinary } from "../support/nats.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

const mebibyte = 1024 * 1024;
const hour = 3_600_000;

test.each([
  ["size", { maxAgeMs: hour, maxBytes: 20_000 }],
  ["age, to the last record", { maxAgeMs: 1_000, maxBytes: 64 * mebibyte }],
])(
  "what a smaller limit of %s removes at a start is no tampering, with nothing new to sign",
  async (_what, smaller) => {
    const key = createSigningKey();
    const audit = { key, retention: { maxAgeMs: hour, maxBytes: 64 * mebibyte } };
    const options = { audit };
    await using run = await startTestServer(options);
    for (const from of [1, 201]) await fill(run, from, from + 199);
    const before = await readStreamFacts(run.bus, "AUDIT");
    audit.retention = smaller;
    const again = await run.restart();
    await waitFor(
      async () => (await readStreamFacts(again.bus, "AUDIT")).first_seq > before.first_seq + 100,
      {
        what: "the removal",
      },
    );
    await waitFor(async () => (await verifyStream(again.bus, [key.publicKey])).result.ok, {
      what: "an audit that verifies",
      saw: async () => (await verifyStream(again.bus, [key.publicKey])).findings,
    });
    await again.server.stop();
    const { findings, result } = await verifyStream(again.bus, [key.publicKey]);
    expect(findings).toEqual([]);
    expect(result.ok).toBe(true);
  },
);

test("what comes is signed within seconds though the clock was set back by an hour", async () => {
  let backMs = 0;
  const key = createSigningKey();
  await using run = await startTestServer({ audit: { key }, now: () => new Date(Date.now() - backMs) });
  await fill(run, 1, 3);
  backMs = hour;
  // It waits for five seconds at the most.
  await fill(run, 4, 6);
  expect((await verifyStream(run.bus, [key.publicKey])).result.signed_to).toBeGreaterThan(6);
});

async function startOver(dir: TempDir, key: SigningKey) {
  await using starting = new AsyncDisposableStack();
  const binary = await testServerBinary();
  const nats = await startNatsServer({ binary, dir: dir.join("nats"), port: 0, log: silentLogger });
  starting.defer(() => nats.stop());
  const bus = await connectBus({ url: nats.url, name: "serve", log: silentLogger });
  starting.defer(() => bus.close());
  const server = await startServer(bus, {
    version: "0.0.0-test",
    replicas: 1,
    insecure: false,
    audit: { key, headFile: openHeadFile(dir.join("keys"), key) },
    natsRestarts: nats.restarts,
    now,
    log: silentLogger,
  });
  starting.defer(() => server.stop());
  const parts = starting.move();
  const verifyHere = async () => {
    const note = await readHeadNote(dir.join("keys"), [key.publicKey]);
    return await verify(await openStreamSource(bus, { note, now }), [key.publicKey]);
  };
  return { nats, bus, server, verifyHere, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** As {@link fill}, for a run of {@link startOver}. */
async function add({ bus }: Awaited<ReturnType<typeof startOver>>, from: number, to: number): Promise<void> {
  for (let i = from; i <= to; i += 1)
    await bus.publishStored("agent.ada.status", { status: "working", message: `step ${i}` });
  await signed(bus);
}

test("a store that is put back from an older copy shows, and goes on to when the chain has grown beyond", async () => {
  await using dir = await tempDir();
  const key = createSigningKey();
  {
    await using run = await startOver(dir, key);
    await add(run, 1, 5);
  }
  await cp(dir.join("nats"), dir.join("copy"), { recursive: true });
  {
    await using run = await startOver(dir, key);
    await add(run, 6, 12);
    expect((await run.verifyHere()).findings).toEqual([]);
  }
  await rm(dir.join("nats"), { recursive: true });
  await cp(dir.join("copy"), dir.join("nats"), { recursive: true });
  {
    await using run = await startOver(dir, key);
    const { kinds, findings } = await run.verifyHere();
    expect(kinds).toEqual([expect.stringMatching(/^cut_off \d+$/)]);
    expect(findings[0]?.message).toMatch(/record \d+, stored .*, was signed once, and the chain ends at \d+/);
    await add(run, 101, 140);
    const grown = await run.verifyHere();
    expect(grown.findings).toHaveLength(1);
    expect(grown.findings[0]?.message).toMatch(
      /the chain continues without it|the server found that the chain ended at \d+/,
    );
  }
  await using run = await startOver(dir, key);
  expect((await run.verifyHere()).findings).toMatchObject([
    { kind: "cut_off", message: expect.stringMatching(/the server found that the chain ended at \d+/) },
  ]);
  // Who has seen to it removes the note.
  await rm(dir.join("keys", "audit-head.json"));
  expect((await run.verifyHere()).findings).toEqual([]);
});
