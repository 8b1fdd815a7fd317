import { describe, expect, test } from "bun:test";
import { openBucket, openExistingBucket, togetherAtOnce } from "../../../src/nats/jetstream/bucket.ts";
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

describe("replaceTogether() of a bucket", () => {
  const writes = (count: number, value: unknown, revisions: readonly number[] = []) =>
    Array.from({ length: count }, (_, n) => ({ key: `k${n}`, value, revision: revisions[n] }));

  test("writes many values at once, and returns the revision of each", async () => {
    const { nats, bus } = await start();
    await using _ = nats;
    const bucket = await openBucket(bus, "t", { replicas: 1, together: true });
    const made = (await bucket.replaceTogether(writes(20, 1))) ?? [];
    expect(made).toHaveLength(20);
    expect(await bucket.entry("k7")).toEqual({ value: 1, revision: made[7] as number });
    const replaced = (await bucket.replaceTogether(writes(20, 2, made))) ?? [];
    expect(await bucket.entry("k19")).toEqual({ value: 2, revision: replaced[19] as number });
    expect(await bucket.replace("k19", 3, replaced[19] ?? 0)).toBeGreaterThan(replaced[19] ?? 0);
    expect((await bucket.entries()).size).toBe(20);
  });

  test("writes nothing if somebody else has written one of the keys, or made it", async () => {
    const { nats, bus } = await start();
    await using _ = nats;
    const bucket = await openBucket(bus, "t", { replicas: 1, together: true });
    const made = (await bucket.replaceTogether(writes(20, 1))) ?? [];
    await bucket.put("k3", "another's");
    expect(await bucket.replaceTogether(writes(20, 2, made))).toBeUndefined();
    expect(await bucket.replaceTogether(writes(20, 2))).toBeUndefined();
    expect([await bucket.get("k0"), await bucket.get("k3")]).toEqual([1, "another's"]);
  });

  test("writes nothing if they are too few or too many, or if the bucket was not opened for that", async () => {
    const { nats, bus, bucket } = await start();
    await using _ = nats;
    expect(await bucket.replaceTogether(writes(20, 1))).toBeUndefined();
    const together = await openBucket(bus, "b", { replicas: 1, together: true });
    const { least, most } = togetherAtOnce;
    expect(await together.replaceTogether(writes(least - 1, 1))).toBeUndefined();
    expect(await together.replaceTogether(writes(most + 1, 1))).toBeUndefined();
    expect((await bucket.entries()).size).toBe(0);
    // A bucket that is there already takes them too.
    expect(await together.replaceTogether(writes(least, 1))).toHaveLength(least);
  });
});
