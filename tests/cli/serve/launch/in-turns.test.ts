import { describe, expect, test } from "bun:test";
import { inTurns } from "../../../../src/cli/serve/launch/in-turns.ts";
import { waitFor } from "../../../support/wait-for.ts";

describe("inTurns()", () => {
  test("no more than so many are at work at once, and all are done in the end", async () => {
    let now = 0;
    let most = 0;
    const done: number[] = [];
    await inTurns([1, 2, 3, 4, 5, 6, 7], { atOnce: 3, turnMs: 10_000 }, async (item) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      done.push(item);
    });
    expect(most).toBe(3);
    expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("one that takes long keeps the next waiting for its turn alone, and is waited for at the end", async () => {
    const slow = Promise.withResolvers<void>();
    const begun: string[] = [];
    let isOver = false;
    const all = inTurns(["slow", "next"], { atOnce: 1, turnMs: 20 }, async (item) => {
      begun.push(item);
      if (item === "slow") await slow.promise;
    }).then(() => {
      isOver = true;
    });
    await waitFor(() => begun.length === 2, { what: "the next has begun" });
    expect(isOver).toBe(false);
    slow.resolve();
    await all;
  });
});
