import { describe, expect, test } from "bun:test";
import { openBucket } from "../../../src/nats/jetstream/bucket.ts";
import { createFencedWriter } from "../../../src/server/fleet/fenced-writer.ts";
import { startTestNats } from "../../support/nats.ts";

describe("createFencedWriter()", () => {
  test("a writer that has missed another's write is told what is there, and writes nothing", async () => {
    await using nats = await startTestNats();
    const bucket = await openBucket(await nats.bus(), "b", { replicas: 1 });
    const [former, present] = [createFencedWriter(bucket), createFencedWriter(bucket)];
    expect(await former.write("key", 1)).toBeUndefined();
    present.saw("key", (await bucket.entry("key"))?.revision ?? 0);
    expect(await present.write("key", 2)).toBeUndefined();
    expect(await former.write("key", 3)).toEqual({ present: 2 });
    expect(await bucket.get("key")).toBe(2);
    // It knows of the other's now.
    expect(await former.write("key", 4)).toBeUndefined();
    expect(await bucket.get("key")).toBe(4);
  });

  test("a key that was made by another, or deleted since, is a conflict too", async () => {
    await using nats = await startTestNats();
    const bucket = await openBucket(await nats.bus(), "b", { replicas: 1 });
    const writer = createFencedWriter(bucket);
    await bucket.put("key", 1);
    expect(await writer.write("key", 2)).toEqual({ present: 1 });
    await bucket.delete("key");
    expect(await writer.write("key", 2)).toEqual({ present: undefined });
    expect(await writer.write("key", 2)).toBeUndefined();
    expect(await bucket.get("key")).toBe(2);
  });
});
