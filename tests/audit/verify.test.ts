// Tampering of every kind, in copies of a stream and in the stream itself, on a real nats-server.

import { describe, expect, test } from "bun:test";
import { openStreamSource } from "../../src/audit/audit-source.ts";
import { createSigningKey, type SigningKey } from "../../src/audit/signing.ts";
import { silentLogger } from "../../src/log.ts";
import { readStreamFacts } from "../../src/nats/jetstream/read-stream.ts";
import { startServer } from "../../src/server/start-server.ts";
import { leastRatio, msOf } from "../support/quickest.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  bytesOf,
  copyAudit,
  fill,
  now,
  readAll,
  signed,
  startSigningServer,
  storeStatuses,
  textOf,
  verify,
  verifyStream,
} from "./audit-fixture.ts";

describe("verifyAudit() of an untouched audit", () => {
  test("finds nothing, counts what it read and names the key", async () => {
    const { run, key } = await startSigningServer();
    await using _ = run;
    await fill(run, 1, 30);
    const { result, findings } = await verifyStream(run.bus, [key.publicKey]);
    expect(findings).toEqual([]);
    expect(result).toMatchObject({ ok: true, unsigned: 0, filtered: false, keys: [key.publicKey] });
    expect(result.records).toBeGreaterThan(30);
    expect(result.signed_to).toBeGreaterThanOrEqual(30);
    expect(result.gap).toBeUndefined();
  });

  test("says how many records at the end are not signed yet", async () => {
    await using run = await startTestServer();
    await storeStatuses(run.bus, 1, 700);
    const { result } = await verifyStream(run.bus);
    expect(result).toMatchObject({ ok: true, checkpoints: 0, signed_to: 0 });
    expect(result.unsigned).toBeGreaterThanOrEqual(700);
  });

  test("holds over restarts of the server, with what came meanwhile", async () => {
    const { run: first } = await startSigningServer();
    await using _ = first;
    await fill(first, 1, 5);
    await first.server.stop();
    await storeStatuses(first.bus, 6, 1_200);
    const second = await first.restart();
    const result = await signed(second.bus);
    expect(result.signed_to).toBeGreaterThanOrEqual(1_200);
    // The second server has a key of the same options: one chain, from the first record on.
    expect(result.keys.length).toBe(1);
    await second.server.stop();
  });

  test("a checkpoint brings forth no other: each vouches for something else", async () => {
    const { run } = await startSigningServer();
    await using _ = run;
    run.bus.publish("agent.ada.heartbeat", { status: "working", interval_s: 1 });
    await fill(run, 1, 3);
    // Three seconds in which nothing happens, until ada is missed.
    const isMissed = () => run.server.alerts.open().some(({ kind }) => kind === "silent");
    await waitFor(isMissed, { what: "the alert" });
    await signed(run.bus);
    const all = await readAll(run.bus);
    const isCheckpoint = (seq: number) => all[seq - 1]?.subject === "audit.checkpoint";
    const ranges = all
      .filter(({ seq }) => isCheckpoint(seq))
      .map(({ data }) => JSON.parse(textOf(data)) as { from_seq: number; to_seq: number });
    expect(ranges.length).toBeGreaterThan(1);
    for (const { from_seq, to_seq } of ranges) {
      const seqs = Array.from({ length: to_seq - from_seq + 1 }, (_unused, i) => from_seq + i);
      expect(seqs.every(isCheckpoint)).toBe(false);
    }
  });

  test("of two servers that both believe to lead, the chain stays one", async () => {
    const { run, key } = await startSigningServer();
    await using _ = run;
    const second = await startSecond(run, key);
    await fill(run, 1, 400);
    await fill(run, 401, 1_300);
    const { findings, result } = await verifyStream(run.bus);
    expect(findings).toEqual([]);
    expect(result.keys).toEqual([key.publicKey]);
    await second.stop();
  });

  test("a server that does not lead signs nothing until it does", async () => {
    let leads = false;
    const { run } = await startSigningServer({ isLeader: () => leads });
    await using _ = run;
    run.bus.publish("agent.ada.status", { status: "idle" });
    await waitFor(() => run.server.fleet.list().length === 1, { what: "ada" });
    // Its end would sign what has come.
    await run.server.stop();
    expect((await verifyStream(run.bus)).result.checkpoints).toBe(0);
    leads = true;
    const next = await run.restart();
    expect((await signed(next.bus)).checkpoints).toBeGreaterThan(0);
    await next.server.stop();
  });
});

describe("verifyAudit() of a copied stream", () => {
  test("names what was done to it", async () => {
    const { run, key } = await startSigningServer();
    await using _ = run;
    await fill(run, 1, 20);
    await fill(run, 21, 40);
    const { bus } = run;
    const all = await readAll(bus);
    const target = all.find(({ data }) => textOf(data).includes("step 7"))?.seq ?? 0;
    const at = target - 1;
    const check = async (name: string, edit: (records: typeof all) => typeof all) => {
      const { kinds, findings } = await verify(await copyAudit(bus, name, edit), [key.publicKey]);
      return { kinds, findings };
    };

    expect((await check("same", (records) => records)).kinds).toEqual([]);

    const changed = await check("changed", (records) =>
      records.map((record) =>
        record.seq === target
          ? { ...record, data: bytesOf(textOf(record.data).replace("step 7", "step 8")) }
          : record,
      ),
    );
    expect(changed.kinds).toEqual([`changed ${target}`]);
    expect(changed.findings[0]).toMatchObject({ subject: "agent.ada.status", at: all[at]?.at });
    expect(changed.findings[0]?.message).toContain(
      `record ${target}, agent.ada.status, stored ${all[at]?.at}`,
    );

    const subject = await check("subject", (records) =>
      records.map((record) => (record.seq === target ? { ...record, subject: "agent.bob.status" } : record)),
    );
    expect(subject.kinds).toEqual([`changed ${target}`]);

    const removed = await check("removed", (records) => records.filter(({ seq }) => seq !== target));
    expect(removed.kinds).toEqual([`removed ${target}`]);

    const removedRow = await check("row", (records) =>
      records.filter(({ seq }) => seq < target || seq > target + 3),
    );
    expect(removedRow.findings).toMatchObject([{ kind: "removed", seq: target, to_seq: target + 3 }]);

    const reordered = await check("swapped", (records) =>
      records.toSpliced(at, 2, ...records.slice(at, at + 2).reverse()),
    );
    expect(reordered.kinds).toHaveLength(1);
    expect([`reordered ${target}`, `reordered ${target + 1}`]).toContain(reordered.kinds[0] ?? "");

    const inserted = await check("inserted", (records) =>
      records.toSpliced(at, 0, { ...(records[at] ?? never()), data: bytesOf('{"status":"error"}') }),
    );
    expect(inserted.kinds).toEqual([`inserted ${target}`]);

    const first = await check("first", (records) => records.slice(1));
    expect(first.kinds).toEqual(["removed 1"]);
  });

  test("names what was done to a checkpoint", async () => {
    const { run, key } = await startSigningServer();
    await using _ = run;
    for (const from of [1, 11, 21, 31]) await fill(run, from, from + 9);
    const { bus } = run;
    const all = await readAll(bus);
    const checkpoints = all.filter(({ subject }) => subject === "audit.checkpoint");
    const second = checkpoints[1]?.seq ?? 0;
    const check = async (name: string, edit: (records: typeof all) => typeof all, keys = [key.publicKey]) =>
      await verify(await copyAudit(bus, name, edit), keys);

    const altered = await check("altered", (records) =>
      records.map((record) =>
        record.seq === second
          ? { ...record, data: bytesOf(textOf(record.data).replace('"times":[', '"times":[1')) }
          : record,
      ),
    );
    expect(altered.kinds).toEqual([`checkpoint_altered ${second}`]);

    const missing = await check("missing", (records) => records.filter(({ seq }) => seq !== second));
    expect(missing.kinds.some((kind) => kind.startsWith("checkpoint_missing"))).toBe(true);
    expect(missing.kinds).toContain(`removed ${second}`);
    expect(missing.kinds.some((kind) => kind.startsWith("changed") || kind.startsWith("inserted"))).toBe(
      false,
    );

    const foreign = await check("foreign", (records) => records, [createSigningKey().publicKey]);
    expect(foreign.kinds).toEqual([`foreign_key ${checkpoints[0]?.seq}`]);

    // Someone who cannot sign as the server makes a chain of their own over a changed record: the key gives it away.
    const unknown = await check("unknown", (records) => records, []);
    expect(unknown.result).toMatchObject({ ok: true, keys: [key.publicKey] });
  });
});

describe("verifyAudit() of the stream itself", () => {
  test("names a message that was deleted, signed and not signed", async () => {
    const { run } = await startSigningServer();
    await using _ = run;
    await fill(run, 1, 20);
    const manager = await run.bus.connection.jetstreamManager();
    await manager.streams.deleteMessage("AUDIT", 5);
    expect((await verifyStream(run.bus)).kinds).toEqual(["removed 5"]);
    await manager.streams.deleteMessage("AUDIT", 1);
    expect((await verifyStream(run.bus)).kinds.toSorted()).toEqual(["removed 1", "removed 5"]);
  });

  test("a purge of the beginning that no setting accounts for is tampering", async () => {
    const { run } = await startSigningServer();
    await using _ = run;
    await fill(run, 1, 20);
    const manager = await run.bus.connection.jetstreamManager();
    await manager.streams.purge("AUDIT", { seq: 10 });
    const { findings, result } = await verifyStream(run.bus);
    expect(findings).toMatchObject([{ kind: "removed", seq: 1, to_seq: 9 }]);
    expect(result.gap).toBeUndefined();
  });

  test("what retention removes by age is a declared gap", async () => {
    const { run } = await startSigningServer({ retention: { maxAgeMs: 1_500, maxBytes: 64 * 1024 * 1024 } });
    await using _ = run;
    await fill(run, 1, 20);
    await waitFor(async () => ((await readAll(run.bus))[0]?.seq ?? 99) > 10, {
      what: "the age's end",
    });
    await fill(run, 21, 30);
    const { findings, result } = await verifyStream(run.bus);
    expect(findings).toEqual([]);
    expect(result.gap).toMatchObject({ why: "retention" });
    expect(result.gap?.to_seq).toBeGreaterThanOrEqual(20);
    await run.server.stop();
    await waitFor(async () => (await readAll(run.bus)).length === 0, {
      what: "nothing left",
    });
    expect((await verifyStream(run.bus)).findings).toEqual([]);
  });

  test("what retention removes by size is a declared gap", async () => {
    const { run } = await startSigningServer({ retention: { maxAgeMs: 3_600_000, maxBytes: 60_000 } });
    await using _ = run;
    for (const from of [1, 201, 401, 601]) await fill(run, from, from + 199);
    const { findings, result } = await verifyStream(run.bus);
    expect(findings).toEqual([]);
    expect(result.gap).toMatchObject({ why: "retention" });
  });

  test("a purge of the beginning of a stream that is 70 % full is tampering", async () => {
    const maxBytes = 200_000;
    const { run } = await startSigningServer({ retention: { maxAgeMs: 3_600_000, maxBytes } });
    await using _ = run;
    await fill(run, 1, 1_020);
    const manager = await run.bus.connection.jetstreamManager();
    await manager.streams.purge("AUDIT", { seq: 10 });
    const { bytes } = await readStreamFacts(run.bus, "AUDIT");
    expect(bytes / maxBytes).toBeGreaterThan(0.65);
    expect(bytes / maxBytes).toBeLessThan(0.75);
    const { findings, result } = await verifyStream(run.bus);
    expect(findings).toMatchObject([{ kind: "removed", seq: 1, to_seq: 9 }]);
    expect(result.gap).toBeUndefined();
  });

  test("an end that was cut off shows by what was noted of it", async () => {
    const { run } = await startSigningServer();
    await using _ = run;
    await fill(run, 1, 20);
    await run.server.stop();
    const manager = await run.bus.connection.jetstreamManager();
    const all = await readAll(run.bus);
    for (const { seq } of all.slice(10)) await manager.streams.deleteMessage("AUDIT", seq);
    const { kinds } = await verifyStream(run.bus);
    expect(kinds).toContain("cut_off 1");
    await manager.streams.purge("AUDIT");
    expect((await verifyStream(run.bus)).kinds).toEqual(["cut_off 1"]);
  });

  test("5,000 records are verified in the time of five plain readings", async () => {
    const { run } = await startSigningServer();
    await using _ = run;
    await fill(run, 1, 5_000);
    const ratio = await leastRatio(5, async () => {
      const readMs = await msOf(() => readAll(run.bus));
      return (await msOf(() => verifyStream(run.bus))) / readMs;
    });
    expect(ratio).toBeLessThanOrEqual(5);
    const { result } = await verifyStream(run.bus);
    expect(result.ok).toBe(true);
    expect(result.records).toBeGreaterThan(5_000);
  });

  test("a stream that is not there is named", async () => {
    await using run = await startTestServer();
    expect(openStreamSource(run.bus, { stream: "NONE", now })).rejects.toMatchObject({
      code: "usage",
      message: 'no stream "NONE" on this NATS server',
    });
  });
});

function never(): never {
  throw new Error("no such record");
}

async function startSecond(run: TestServer, key: SigningKey) {
  return await startServer(await run.nats.bus("second"), {
    version: "0.0.0-test",
    replicas: 1,
    insecure: false,
    audit: { key },
    natsRestarts: () => 0,
    now,
    log: silentLogger,
  });
}
