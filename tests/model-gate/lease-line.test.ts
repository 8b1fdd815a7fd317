import { describe, expect, test } from "bun:test";
import { startLink } from "../../src/agent-link/link.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { type Logger, silentLogger } from "../../src/log.ts";
import { createLeaseLine, type Pass } from "../../src/model-gate/lease-line.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { startForeignNats } from "../support/foreign-nats.ts";
import { startTestNats } from "../support/nats.ts";
import { startTestServer } from "../support/test-server.ts";
import { patienceMs, waitFor } from "../support/wait-for.ts";

const wanted = { server: "gpu:1", model: "", slots: 1 };

function lineTo(url: string, { silentForMs = patienceMs, log = silentLogger as Logger } = {}) {
  const link = startLink(() => connectBus({ url, name: "ada", log: silentLogger }), silentLogger);
  const line = createLeaseLine({
    id: parseAgentId("ada"),
    link,
    createId: () => crypto.randomUUID(),
    log,
    silentForMs,
  });
  const enter = (signal = new AbortController().signal) => line.enter(wanted, signal, () => undefined);
  return { enter, [Symbol.asyncDispose]: () => link.close(500) };
}

describe("createLeaseLine()", () => {
  test("a serve that does not answer holds a request up for a bounded time, says so once, and holds up no other", async () => {
    await using nats = await startTestNats();
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (text: string) => warnings.push(text) };
    await using ada = lineTo(nats.url, { silentForMs: 3_000, log });
    const beganMs = performance.now();
    const first = await ada.enter();
    const waitedMs = performance.now() - beganMs;
    expect(waitedMs).toBeGreaterThan(2_900);
    expect(first.slot).toBeUndefined();
    expect(first.unqueued).toMatch(/^the queue does not answer: /);
    const againMs = performance.now();
    const second = await ada.enter();
    expect(second.unqueued).toMatch(/^the queue does not answer/);
    expect(performance.now() - againMs).toBeLessThan(waitedMs / 2);
    expect(warnings).toEqual([
      expect.stringMatching(/^the queue before gpu:1 does not answer \(.+\); going on without it$/),
    ]);
    for (const pass of [first, second]) pass.leave(0);
  });

  test("without NATS, the reason is that there is no connection", async () => {
    await using ada = lineTo("nats://127.0.0.1:1", { silentForMs: 500 });
    const pass = await ada.enter();
    expect(pass.unqueued).toMatch(/^the queue does not answer: .*(NATS|connect)/);
    pass.leave(0);
  });

  test("where NATS does not let it ask, the request is sent at once, and it does not ask again and again", async () => {
    const rights = 'publish: { deny: "modelserver.>" }';
    const user = `{ user: "ada", password: "x", permissions: { ${rights} } }`;
    await using nats = await startForeignNats(`authorization { users: [ ${user} ] }\nno_auth_user: "ada"`);
    await using ada = lineTo(`nats://127.0.0.1:${nats.port}`, { silentForMs: 20_000 });
    const beganMs = performance.now();
    for (let times = 0; times < 3; times += 1) {
      const pass = await ada.enter();
      expect(pass.unqueued).toBe("the queue does not answer: NATS refuses: request on modelserver.lease.ada");
      pass.leave(0);
    }
    expect(performance.now() - beganMs).toBeLessThan(20_000);
  });

  test("a serve that is back knows of the request that was sent without it, and later ones wait again", async () => {
    await using run = await startTestServer();
    await using ada = lineTo(run.nats.url, { silentForMs: 3_000 });
    const asked: Promise<Pass>[] = [];
    await using _next = await run.restart(async () => {
      asked.push(ada.enter());
      await asked[0];
    });
    const unqueued = (await asked[0]) as Pass;
    expect(unqueued.unqueued).toBeDefined();
    const isQueued = async () => {
      const pass = await ada.enter(AbortSignal.timeout(500)).catch(() => undefined);
      pass?.leave(0);
      return pass === undefined;
    };
    await waitFor(isQueued, { what: "the next request waits for the first one" });
    unqueued.leave(0);
    const next = await ada.enter();
    expect(next.slot).toBe(0);
    next.leave(0);
  });

  test("a request that is cancelled while it waits rejects, and the next one in the queue is not held up", async () => {
    await using run = await startTestServer();
    await using ada = lineTo(run.nats.url);
    await using bob = lineTo(run.nats.url);
    const first = await ada.enter();
    const cancel = new AbortController();
    const waits = bob.enter(cancel.signal);
    const next = bob.enter();
    cancel.abort(new Error("not wanted"));
    await expect(waits).rejects.toThrow("not wanted");
    first.leave(0);
    const pass = await next;
    expect(pass.slot).toBe(0);
    pass.leave(0);
  });
});
