import { describe, expect, test } from "bun:test";
import { createAgentQueues } from "../../src/agent-protocol/agent-queues.ts";
import { pause } from "../../src/waiting.ts";
import { ada } from "../support/agents.ts";

const never = new AbortController().signal;

describe("createAgentQueues()", () => {
  test("a prompt that waits leaves at once when its peer is gone, and those behind still wait for those before", async () => {
    const queues = createAgentQueues();
    const first = Promise.withResolvers<void>();
    const peer = new AbortController();
    const acted: string[] = [];
    const act = (name: string) => async () => void acted.push(name);
    const working = queues.run(ada, () => first.promise, never);
    const waiting = queues.run(ada, act("second"), peer.signal);
    const behind = queues.run(ada, act("third"), never);
    expect(queues.count(ada)).toBe(3);
    peer.abort();
    await expect(waiting).rejects.toThrow("the prompt was not given to ada: this peer is no longer served");
    expect(queues.count(ada)).toBe(2);
    expect(acted).toEqual([]);
    first.resolve();
    await Promise.all([working, behind]);
    expect(acted).toEqual(["third"]);
    expect(queues.count(ada)).toBe(0);
  });

  test("takes no turn for a peer that is gone, and waits also when the last in the queue has left", async () => {
    const queues = createAgentQueues();
    const first = Promise.withResolvers<void>();
    const acted: string[] = [];
    const working = queues.run(ada, () => first.promise, never);
    const gone = queues.run(ada, async () => void acted.push("gone"), AbortSignal.abort());
    await expect(gone).rejects.toMatchObject({ code: "interrupted" });
    const next = queues.run(ada, async () => void acted.push("next"), never);
    await pause(0); // whatever could go on by itself has done so
    expect(acted).toEqual([]);
    first.resolve();
    await Promise.all([working, next]);
    expect(acted).toEqual(["next"]);
  });

  test("goes on after an error, and refuses more than 16 that wait", async () => {
    const queues = createAgentQueues();
    const first = Promise.withResolvers<void>();
    const working = queues.run(ada, () => first.promise, never);
    const waiting = Array.from({ length: 16 }, () => queues.run(ada, async () => undefined, never));
    const oneMore = queues.run(ada, async () => undefined, never);
    await expect(oneMore).rejects.toMatchObject({ code: "too_many_tries" });
    first.reject(new Error("failed"));
    await expect(working).rejects.toThrow("failed");
    await Promise.all(waiting);
    expect(queues.count(ada)).toBe(0);
  });
});
