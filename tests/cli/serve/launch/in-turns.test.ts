import { describe, expect, test } from "bun:test";
import { createTurns, inTurns } from "../../../../src/cli/serve/launch/in-turns.ts";
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

describe("createTurns()", () => {
  test("no more than so many are at work at once, each settles as its work does, and a failed one keeps nobody waiting", async () => {
    const inTurn = createTurns({ atOnce: 2, turnMs: 10_000 });
    let now = 0;
    let most = 0;
    const work = async (item: number) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      if (item === 2) throw new Error("two fails");
      return item * 10;
    };
    const settled = await Promise.allSettled([1, 2, 3, 4, 5].map((item) => inTurn(() => work(item))));
    expect(most).toBe(2);
    expect(settled.map((each) => (each.status === "fulfilled" ? each.value : each.reason.message))).toEqual([
      ...[10, "two fails", 30, 40, 50],
    ]);
    expect(await inTurn(() => work(6))).toBe(60);
  });

  test("one that takes long keeps the next waiting for its turn alone", async () => {
    const inTurn = createTurns({ atOnce: 1, turnMs: 20 });
    const slow = Promise.withResolvers<string>();
    const first = inTurn(() => slow.promise);
    expect(await inTurn(() => Promise.resolve("next"))).toBe("next");
    slow.resolve("slow");
    expect(await first).toBe("slow");
  });
});
