import { describe, expect, test } from "bun:test";
import { createBackoff, firstReconnectMs } from "../../src/nats/reconnection.ts";
import { waitFor } from "../support/wait-for.ts";

describe("createBackoff()", () => {
  test("the first wait is the one asked for, less a fifth at most", () => {
    for (let i = 0; i < 100; i += 1) {
      const waitMs = createBackoff(firstReconnectMs).next();
      expect(waitMs).toBeGreaterThanOrEqual(800);
      expect(waitMs).toBeLessThanOrEqual(1_000);
    }
  });

  test("not all processes wait equally long", () => {
    expect(new Set(Array.from({ length: 20 }, () => createBackoff(1_000).next())).size).toBeGreaterThan(10);
  });

  test("asked again within the same wait it says the same: the time counts, not the tries", () => {
    const { next } = createBackoff(1_000);
    const waits = Array.from({ length: 50 }, next);
    expect(new Set(waits).size).toBe(1);
  });

  test("grows with the time since the loss, and begins anew when the connection was back", async () => {
    const { next, reset } = createBackoff(10);
    const first = next();
    await waitFor(() => next() > first * 2, { what: "it has doubled" });
    reset();
    expect(next()).toBe(first);
  });
});
