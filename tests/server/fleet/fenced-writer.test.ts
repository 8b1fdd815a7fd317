import { describe, expect, test } from "bun:test";
import { openBucket } from "../../../src/nats/jetstream/bucket.ts";
import { createFencedWriter, type FencedWriter } from "../../../src/server/fleet/fenced-writer.ts";
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

  test.each([
    [0, "of a batch that is refused"],
    [260, "behind the first batch"],
  ])("value %i of writeAll(), %s, does not overwrite what another wrote meanwhile", async (n) => {
    await using nats = await startTestNats();
    const bucket = await openBucket(await nats.bus(), "b", { replicas: 1, together: true });
    const values = (value: number) => Array.from({ length: 270 }, (_, key) => [`k${key}`, value] as const);
    let isLate = false;
    const writer: FencedWriter = createFencedWriter({
      ...bucket,
      async replaceTogether(writes) {
        if (isLate) {
          isLate = false;
          await bucket.put(`k${n}`, "another's");
          writer.saw(`k${n}`, (await bucket.entry(`k${n}`))?.revision ?? 0);
        }
        return await bucket.replaceTogether(writes);
      },
    });
    await writer.writeAll(values(1));
    isLate = true;
    const conflicts = await writer.writeAll(values(2));
    expect(conflicts[n]).toEqual({ present: "another's" });
    expect(conflicts.filter((conflict) => conflict !== undefined)).toHaveLength(1);
    expect(await bucket.get(`k${n}`)).toBe("another's");
  });

  test("writeAll() writes every value but those that another has written, and tells of these", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    for (const together of [true, false]) {
      const bucket = await openBucket(bus, `b-${together}`, { replicas: 1, together });
      const writer = createFencedWriter(bucket);
      const values = (value: number) => Array.from({ length: 270 }, (_, n) => [`k${n}`, value] as const);
      const conflicts = async (value: number) => {
        const all = await writer.writeAll(values(value));
        expect(all).toHaveLength(270);
        return all.flatMap((conflict, n) => (conflict === undefined ? [] : [[n, conflict.present]]));
      };
      expect(await conflicts(1)).toEqual([]);
      expect(await writer.write("k4", 2)).toBeUndefined();
      expect(await conflicts(3)).toEqual([]);
      await bucket.put("k5", "another's");
      expect(await conflicts(4)).toEqual([[5, "another's"]]);
      expect([await bucket.get("k4"), await bucket.get("k5")]).toEqual([4, "another's"]);
      expect(await conflicts(5)).toEqual([]);
      expect(await bucket.get("k5")).toBe(5);
    }
  });
});
