import { describe, expect, test } from "bun:test";
import {
  findChainEnd,
  type HeadStore,
  headOf,
  openHeadStore,
  readCheckpoint,
} from "../../src/audit/chain-head.ts";
import type { ChainHead } from "../../src/domain/audit/audit.ts";
import { buckets } from "../../src/domain/wire/subjects.ts";
import { openBucket } from "../../src/nats/jetstream/bucket.ts";
import { ensureStreams } from "../../src/nats/jetstream/streams.ts";
import { startTestNats } from "../support/nats.ts";
import { bytesOf } from "./audit-fixture.ts";
import { signAudit, storedMs } from "./signed-records.ts";

const audit = signAudit([{ records: 3 }, { records: 2 }]);
const [first, second] = audit.signed;
if (first === undefined || second === undefined) throw new Error("it has two checkpoints");

const storeWith = (head: ChainHead | undefined): HeadStore => ({
  read: () => Promise.resolve(head),
  write: () => Promise.reject(new Error("nothing is to be written")),
});

describe("findChainEnd()", () => {
  test("takes the last checkpoint in the stream, or the noted head where that is further", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    expect(await findChainEnd(bus, storeWith(undefined))).toEqual({
      ...{ head: undefined, checkpointSeq: 0, retention: undefined },
    });
    // The stream has lost all: the chain goes on from what was noted.
    const noted = headOf(second);
    expect(await findChainEnd(bus, storeWith(noted))).toEqual({
      ...{ head: noted, checkpointSeq: 0, retention: noted.retention },
    });
    await bus.publishStored("audit.checkpoint", first);
    const inStream = { head: headOf(first), checkpointSeq: 1, retention: first.retention };
    expect(await findChainEnd(bus, storeWith(undefined))).toEqual(inStream);
    expect(await findChainEnd(bus, storeWith(headOf(first)))).toEqual(inStream);
    expect(await findChainEnd(bus, storeWith(noted))).toEqual({ ...inStream, head: noted });
    await bus.publishStored("audit.checkpoint", second);
    expect(await findChainEnd(bus, storeWith(headOf(first)))).toMatchObject({
      head: noted,
      checkpointSeq: 2,
    });
    // A message that is no checkpoint stands at the end: the next one has to follow its sequence all the same.
    await bus.publishStored("audit.checkpoint", { version: 1 });
    expect(await findChainEnd(bus, storeWith(headOf(first)))).toEqual({
      ...{ head: headOf(first), checkpointSeq: 3, retention: first.retention },
    });
  });
});

describe("openHeadStore()", () => {
  test("reads what was written, and nothing where something else stands in its place", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const bucket = await openBucket(bus, buckets.serve, { replicas: 1 });
    const store = await openHeadStore(bus);
    expect(await store.read()).toBeUndefined();
    await store.write(audit.head);
    expect(await store.read()).toEqual(audit.head);
    await bucket.put("audit_head", { ...audit.head, to_seq: -1 });
    expect(await store.read()).toBeUndefined();
  });
});

describe("headOf()", () => {
  test("is the last record of the checkpoint, with the time when that was stored", () => {
    const { retention, hash } = second;
    expect(headOf(second)).toEqual({ to_seq: 6, at_ms: storedMs(6), hash, retention });
  });
});

describe("readCheckpoint()", () => {
  test("is undefined for what is no checkpoint, and for one with a field more, which no signature covers", () => {
    const bytes = (body: object) => bytesOf(JSON.stringify(body));
    expect(readCheckpoint(bytes(first))).toEqual(first);
    expect(readCheckpoint(bytes({ ...first, note: "trust me" }))).toBeUndefined();
    expect(readCheckpoint(bytes({ ...first, from_seq: 0 }))).toBeUndefined();
    expect(readCheckpoint(bytesOf("{"))).toBeUndefined();
  });
});
