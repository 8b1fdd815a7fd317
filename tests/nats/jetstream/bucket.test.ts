import { expect, test } from "bun:test";
import { openBucket, openExistingBucket } from "../../../src/nats/jetstream/bucket.ts";
import { readStreamFacts } from "../../../src/nats/jetstream/read-stream.ts";
import { startTestNats } from "../../support/nats.ts";

async function start() {
  const nats = await startTestNats();
  const bus = await nats.bus();
  return { nats, bus, bucket: await openBucket(bus, "b", { replicas: 1 }) };
}

test("create() and replace() of a bucket write only over what their caller has seen", async () => {
  const { nats, bucket } = await start();
  await using _ = nats;
  const first = await bucket.create("k", 1);
  expect(first).toBeNumber();
  expect(await bucket.create("k", 2)).toBeUndefined();
  const second = await bucket.replace("k", 3, first ?? 0);
  expect(second).toBeGreaterThan(first ?? 0);
  expect(await bucket.replace("k", 4, first ?? 0)).toBeUndefined();
  expect(await bucket.entry("k")).toEqual({ value: 3, revision: second as number });
  await bucket.delete("k");
  expect(await bucket.create("k", 5)).toBeGreaterThan(second ?? 0);
});

test("a deleted key of a bucket has no value; an erased one leaves nothing behind", async () => {
  const { nats, bus, bucket } = await start();
  await using _ = nats;
  await bucket.put("deleted", { a: 1 });
  await bucket.put("erased", { a: 2 });
  await bucket.put("kept", { a: 3 });
  await bucket.delete("deleted");
  await bucket.erase("erased");
  for (const key of ["deleted", "erased", "never"])
    expect([await bucket.get(key), await bucket.entry(key)]).toEqual([undefined, undefined]);
  expect([...(await bucket.entries())].map(([key, { value }]) => [key, value])).toEqual([["kept", { a: 3 }]]);
  // The value that is kept, and the marker of the deletion.
  expect((await readStreamFacts(bus, "KV_b")).messages).toBe(2);
});

test("entries() of a bucket are empty without values, and where only deletions are left", async () => {
  const { nats, bucket } = await start();
  await using _ = nats;
  expect((await bucket.entries()).size).toBe(0);
  await bucket.put("k", 1);
  await bucket.delete("k");
  expect((await bucket.entries()).size).toBe(0);
});

test("what others wrote into a bucket and is no JSON is null, and no reading fails", async () => {
  const { nats, bus, bucket } = await start();
  await using _ = nats;
  await bus.connection.jetstream().publish("$KV.b.k", "+ACK");
  expect(await bucket.get("k")).toBeNull();
  expect((await bucket.entries()).get("k")?.value).toBeNull();
});

test("openExistingBucket() makes no bucket", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  const read = async () => await (await openExistingBucket(bus, "none")).entries();
  await expect(read()).rejects.toThrow();
  await expect(readStreamFacts(bus, "KV_none")).rejects.toMatchObject({ code: "usage" });
});
