// Counting wrong tokens: a minute's worth, for each address and for all, in bounded memory.
import { describe, expect, test } from "bun:test";
import { createFailedTries } from "../../../src/web/access/failed-tries.ts";

describe("createFailedTries()", () => {
  test("an address may fail 20 times a minute, and is told how long to wait", () => {
    let now = 1_000;
    const tries = createFailedTries(() => now);
    for (let i = 0; i < 20; i += 1) expect(tries.count("a")).toBeUndefined();
    expect(tries.count("a")).toBe(60);
    now += 45_500;
    expect(tries.count("a")).toBe(15);
    expect(tries.count("b")).toBeUndefined();
    now += 14_500;
    expect(tries.count("a")).toBeUndefined();
  });

  test("all addresses together may fail 200 times a minute, however many they are", () => {
    let now = 0;
    const tries = createFailedTries(() => now);
    const limited = Array.from({ length: 100_000 }, (_, i) => tries.count(`address ${i}`)).filter(Boolean);
    expect(limited).toHaveLength(100_000 - 200);
    now += 60_000;
    expect(tries.count("another")).toBeUndefined();
  });
});
