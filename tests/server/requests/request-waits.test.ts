import { describe, expect, test } from "bun:test";
import type { AgentRequest } from "../../../src/domain/requests.ts";
import { createRequestWaits } from "../../../src/server/requests/request-waits.ts";
import { ada } from "../../support/agents.ts";
import { staysPending } from "../../support/wait-for.ts";

const asked: AgentRequest = {
  ...{ request_id: "q1", agent_id: ada, kind: "question", question: "Which?", on_expiry: "expire" },
  ...{ asked_at: "2026-05-03T12:00:00Z", state: "asked" },
};
const answered: AgentRequest = { ...asked, state: "answered", ended_at: "2026-05-03T12:01:00Z" };

function start() {
  const requests = new Map<string, AgentRequest>();
  const listeners = new Set<(request: AgentRequest) => void>();
  const waits = createRequestWaits(requests, listeners);
  const read = (request: AgentRequest) => {
    requests.set(request.request_id, request);
    for (const listener of [...listeners]) listener(request);
  };
  return { waits, read, listeners };
}
const because = "it resolves at once where it may";

describe("createRequestWaits()", () => {
  test("forEnd() resolves when the request is decided, not when it is read", async () => {
    const { waits, read, listeners } = start();
    const end = waits.forEnd("q1", 60_000);
    read(asked);
    read({ ...answered, request_id: "q2" });
    await staysPending(end, { what: "it waits", because, forMs: 20 });
    read(answered);
    expect(await end).toBe(answered);
    expect(listeners.size).toBe(0);
  });

  test("forEnd() of one that is decided already does not wait", async () => {
    const { waits, read } = start();
    read(answered);
    expect(await waits.forEnd("q1", 60_000)).toBe(answered);
  });

  test("forEnd() gives up in time, and when nobody waits any more, with the request as it is", async () => {
    const { waits, read, listeners } = start();
    read(asked);
    expect(await waits.forEnd("q1", 20)).toBe(asked);
    expect(await waits.forEnd("unknown", 20)).toBeUndefined();
    const aborting = new AbortController();
    const end = waits.forEnd("q1", 60_000, aborting.signal);
    aborting.abort();
    expect(await end).toBe(asked);
    expect(listeners.size).toBe(0);
  });

  test("forReading() resolves when the request has come, or in time without it", async () => {
    const { waits, read } = start();
    const reading = waits.forReading("q1", 60_000);
    await staysPending(reading, { what: "it waits", because, forMs: 20 });
    read(asked);
    await reading;
    await waits.forReading("q2", 20);
  });

  test("several wait for one request, and each is told", async () => {
    const { waits, read } = start();
    const ends = [1, 2, 3].map(() => waits.forEnd("q1", 60_000));
    read(answered);
    expect(await Promise.all(ends)).toEqual([answered, answered, answered]);
  });

  test("stop() ends the timers: nothing gives up any more", async () => {
    const { waits } = start();
    const end = waits.forEnd("q1", 20);
    waits.stop();
    await staysPending(end, { what: "it has not given up", because: "its time was 20 ms", forMs: 60 });
  });
});
