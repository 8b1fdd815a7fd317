// How long the loop waits for a model server, what it says meanwhile, and when it gives up.
import { describe, expect, test } from "bun:test";
import { NotNow, UnreadAnswer } from "../../../src/loop/model/model-failure.ts";
import { patiently } from "../../../src/loop/model/patience.ts";

/** Asks a server that answers with these in turn. */
function ask(answers: readonly (Error | string)[], times: { awayMs?: number; busyMs?: number } = {}) {
  const said: string[] = [];
  let asked = 0;
  const over = new AbortController();
  const answer = patiently(
    async () => {
      const next = answers[Math.min(asked++, answers.length - 1)];
      if (typeof next === "string") return next;
      throw next;
    },
    {
      ...{ url: "http://gpu:8080", signal: over.signal, onWait: (why) => void said.push(why) },
      ...{ awayMs: 60_000, busyMs: 60_000, ...times },
    },
  );
  return { answer, said, over, asked: () => asked };
}
const away = new NotNow("away", "ECONNREFUSED");
const busy = new NotNow("busy", "503 Loading model");
const unread = new UnreadAnswer("500 cannot parse");

describe("patiently()", () => {
  test("asks again until there is an answer, and says each time why it waits", async () => {
    const { answer, said } = ask([away, busy, "hello"]);
    expect(await answer).toBe("hello");
    expect(said).toEqual([
      "the model server at http://gpu:8080 does not answer (ECONNREFUSED); trying again",
      "the model server at http://gpu:8080 cannot answer yet (503 Loading model); trying again",
    ]);
  });

  test("gives up with what to do about a server that is away, and about one that never gets ready", async () => {
    await expect(ask([away], { awayMs: 0 }).answer).rejects.toMatchObject({
      code: "no_answer",
      message: "no model server answers at http://gpu:8080 (ECONNREFUSED)",
      hint: expect.stringContaining("--model-server URL"),
    });
    await expect(ask([busy], { busyMs: 0 }).answer).rejects.toMatchObject({
      code: "no_answer",
      message: "the model server at http://gpu:8080 is not ready (503 Loading model)",
      hint: expect.stringContaining("wait until it has loaded"),
    });
  });

  test("counts the two times apart: a server that is busy is not away, and was there in between", async () => {
    const { answer, said } = ask([busy, "hello"], { awayMs: 0 });
    expect(await answer).toBe("hello");
    expect(said).toHaveLength(1);
    const back = ask([away, busy, away, "hello"], { awayMs: 300 });
    expect(await back.answer).toBe("hello"); // it was busy for longer than it may be away
    await expect(ask([busy, away, "hello"], { awayMs: 0 }).answer).rejects.toMatchObject({
      code: "no_answer",
    });
  });

  test("asks twice more for an answer that the server could not read, and then says what may help", async () => {
    const { answer, said, asked } = ask([unread, unread, "hello"]);
    expect(await answer).toBe("hello");
    expect(said).toEqual(Array(2).fill("the model server failed (500 cannot parse); asking it again"));
    expect(asked()).toBe(3);
    const never = ask([unread]);
    await expect(never.answer).rejects.toMatchObject({
      code: "failed",
      message: "the model server at http://gpu:8080 failed 3 times: 500 cannot parse",
      hint: expect.stringContaining("--calls schema"),
    });
    expect(never.asked()).toBe(3);
  });

  test("throws at once what no waiting mends, and stops as soon as the turn is cancelled", async () => {
    const { answer, asked } = ask([new Error("no key"), "hello"]);
    await expect(answer).rejects.toThrow("no key");
    expect(asked()).toBe(1);
    const cancelled = ask([away]);
    cancelled.over.abort(new Error("cancelled"));
    await expect(cancelled.answer).rejects.toThrow("cancelled");
  });
});
