import { describe, expect, test } from "bun:test";
import { leaseGoneAfterMs } from "../../../src/domain/model-queue/model-queue.ts";
import { decodeMessage } from "../../../src/domain/wire/decode.ts";
import { type LeaseAnswer, LeaseAnswerSchema } from "../../../src/domain/wire/lease-messages.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { startAgent } from "../../support/agent-fixture.ts";
import { leastRatio, msOf } from "../../support/quickest.ts";
import { startTestServer } from "../../support/test-server.ts";
import { stays } from "../../support/wait-for.ts";

/** One request of an agent to the model server `gpu:1`, as its gate asks for it. */
function requestOf(bus: Bus, agent: string, more: object = {}) {
  const request_id = crypto.randomUUID();
  const tell = async (act: string, words: object = {}): Promise<LeaseAnswer> => {
    const body = { request_id, act, server: "gpu:1", ...more, ...words };
    const data = await bus.request(`modelserver.lease.${agent}`, body, { timeoutMs: 60_000 });
    return decodeMessage(LeaseAnswerSchema, data);
  };
  return {
    tell,
    /** Asks again and again, as a gate does. */
    async granted(words: object = {}) {
      for (;;) {
        const answer = await tell("wait", words);
        if (answer.state !== "waiting") return answer;
      }
    },
  };
}

describe("openLeaseDesk()", () => {
  test("grants a slot, tells the others their places, and grants it to the next one as soon as it is free", async () => {
    await using run = await startTestServer();
    const [first, second, third] = [
      requestOf(run.bus, "ada"),
      requestOf(run.bus, "bob"),
      requestOf(run.bus, "cleo"),
    ];
    expect(await first.tell("wait")).toEqual({ state: "granted", slot: 0 });
    expect(await second.tell("wait")).toEqual({ state: "waiting", place: 1, waiting: 1 });
    expect(await third.tell("wait")).toEqual({ state: "waiting", place: 2, waiting: 2 });
    const next = second.granted();
    expect(await first.tell("hold", { slot: 0 })).toEqual({ state: "granted", slot: 0 });
    expect(await first.tell("end")).toEqual({ state: "ended" });
    expect(await next).toEqual({ state: "granted", slot: 0 });
    await third.tell("end");
    await second.tell("end");
    expect(await requestOf(run.bus, "dora").tell("wait")).toEqual({ state: "granted", slot: 0 });
  });

  test("a captain goes first, by its role and not by what it says", async () => {
    await using run = await startTestServer();
    await startAgent(run, run.bus, "queen", { role: "captain" });
    await startAgent(run, run.bus, "bob", {});
    const first = requestOf(run.bus, "ada");
    await first.granted();
    const bob = requestOf(run.bus, "bob", { role: "captain", isCaptain: true, waited_ms: 9_000_000 });
    const queen = requestOf(run.bus, "queen");
    await bob.tell("wait");
    expect(await queen.tell("wait")).toMatchObject({ state: "waiting", place: 1, waiting: 2 });
    const order: string[] = [];
    const waits = [
      bob.granted().then(() => order.push("bob")),
      queen.granted().then(() => order.push("queen")),
    ];
    await first.tell("end");
    await waits[1];
    expect(order).toEqual(["queen"]);
    await queen.tell("end");
    await waits[0];
  });

  test("servers have queues of their own", async () => {
    await using run = await startTestServer();
    await requestOf(run.bus, "ada").granted();
    expect(await requestOf(run.bus, "bob", { server: "gpu:2" }).tell("wait")).toMatchObject({
      state: "granted",
    });
  });

  test("a host that is not heard any more loses its lease within seconds", async () => {
    await using run = await startTestServer();
    const most = 1.4;
    const ratio = await leastRatio(most, async (time) => {
      const server = `gpu:${time}`;
      await requestOf(run.bus, "ada", { server }).granted();
      return (await msOf(() => requestOf(run.bus, "bob", { server }).granted())) / leaseGoneAfterMs;
    });
    expect(ratio).toBeLessThanOrEqual(most);
  });

  test("a serve that starts hears of the leases that there are before it grants any, and of how long others wait", async () => {
    await using run = await startTestServer();
    await startAgent(run, run.bus, "ada");
    const [holder, early, late] = [
      requestOf(run.bus, "ada"),
      requestOf(run.bus, "bob"),
      requestOf(run.bus, "cleo"),
    ];
    await holder.granted();
    await using _next = await run.restart();
    const order: string[] = [];
    // As its gate does each second. Were it not heard, one of the two would have its slot soon after.
    const renewals = setInterval(() => void holder.tell("hold", { slot: 0 }), 500);
    const lateGrant = late.granted().then(() => order.push("late"));
    const earlyGrant = early.granted({ waited_ms: 60_000 }).then(() => order.push("early"));
    await stays(() => order.length === 0, {
      ...{ what: "nobody gets the slot", because: "it is another's", forMs: 4_000 },
    });
    clearInterval(renewals);
    await holder.tell("end");
    await earlyGrant;
    expect(order).toEqual(["early"]);
    await early.tell("end");
    await lateGrant;
  });

  test("what makes no sense is answered with why, and counted", async () => {
    await using run = await startTestServer();
    const ask = requestOf(run.bus, "ada");
    expect(await ask.tell("dance")).toEqual({ error: expect.stringContaining("act must be one of") });
    expect(await ask.tell("wait", { slots: 0 })).toEqual({
      error: expect.stringContaining("slots is below 1"),
    });
    expect(await ask.tell("wait", { agent_id: "bob" })).toEqual({
      error: 'the body says agent_id "bob", the subject says "ada"',
    });
    expect(run.server.health().malformed).toBe(3);
    for (let index = 0; index < 64; index += 1) await requestOf(run.bus, "bob").tell("hold", { slots: 100 });
    expect(await requestOf(run.bus, "bob").tell("wait")).toEqual({
      error: "bob has 64 requests to model servers already",
    });
  });

  test("the most requests of an agent count those with the same id before several servers", async () => {
    await using run = await startTestServer();
    const { tell } = requestOf(run.bus, "bob");
    for (let index = 0; index < 64; index += 1) await tell("hold", { server: `gpu:${index}` });
    expect(await tell("hold", { server: "gpu:64" })).toEqual({
      error: "bob has 64 requests to model servers already",
    });
    expect(await tell("hold", { server: "gpu:63" })).toEqual({ state: "granted" });
  });
});
