import { describe, expect, test } from "bun:test";
import type { AgentRequest, RequestAction } from "../../../src/domain/requests.ts";
import { parseJson } from "../../../src/domain/wire/decode.ts";
import { silentLogger as log } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { openExistingBucket } from "../../../src/nats/jetstream/bucket.ts";
import { followStream } from "../../../src/nats/jetstream/follow.ts";
import { lastSequence } from "../../../src/nats/jetstream/stream-messages.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { decideStored, startRequests } from "../../../src/server/requests/request-store.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { waitFor } from "../../support/wait-for.ts";

const now = () => new Date();

function question(request_id: string, facts: Partial<AgentRequest> = {}): AgentRequest {
  return {
    request_id,
    agent_id: ada,
    kind: "question",
    question: "left or right?",
    asked_at: now().toISOString(),
    on_expiry: "expire",
    state: "asked",
    ...facts,
  };
}

const answer = (by: string, text: string): RequestAction => ({
  type: "answer",
  answer: { by, text, at: now().toISOString() },
});

async function start(bus: Bus, clock = now) {
  await ensureStreams(bus, { replicas: 1 });
  return await startRequests(bus, { replicas: 1, now: clock, log });
}

/** The texts of the messages stored for ada. */
function readMessages(bus: Bus): string[] {
  const texts: string[] = [];
  followStream(bus, {
    stream: "COMMANDS",
    subjects: ["agent.ada.message"],
    from: 1,
    log,
    onMessage: ({ data }) => texts.push((parseJson(data) as { text: string }).text),
  });
  return texts;
}

describe("requests", () => {
  test("a listener that throws does not keep the others from a request, which is written once", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const requests = await start(bus);
    const heard: string[] = [];
    requests.onChange(() => {
      throw new Error("a bug");
    });
    requests.onChange(({ request_id }) => heard.push(request_id));
    await requests.ask(question("r1"));
    await requests.ask(question("r2"));
    expect(heard).toEqual(["r1", "r2"]);
    expect(await lastSequence(bus, "KV_requests")).toBe(2);
    await requests.stop();
  });

  test("of many answers at once the first wins, and the others are told who it was", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const requests = await start(bus);
    await requests.ask(question("r1"));
    const outcomes = await Promise.allSettled(
      ["ann", "ben", "cid", "dot"].map((by) => requests.decide("r1", answer(by, `from ${by}`))),
    );
    const won = outcomes.filter(({ status }) => status === "fulfilled");
    expect(won).toHaveLength(1);
    const winner = (await requests.waitForEnd("r1", 2_000))?.answer?.by;
    for (const outcome of outcomes) {
      if (outcome.status === "rejected")
        expect(String(outcome.reason)).toContain(`answered already by ${winner}`);
    }
    await requests.stop();
  });

  test("the answer is put into the agent's inbox once, also over a restart", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const first = await start(bus);
    const texts = readMessages(bus);
    await first.ask(question("r1"));
    await first.decide("r1", answer("ann", "left"));
    await waitFor(() => texts.length === 1, { what: "the message" });
    await waitFor(() => first.get("r1")?.told_at !== undefined, { what: "the mark" });
    await first.stop();
    const second = await start(bus);
    await second.ask(question("r2"));
    await second.decide("r2", answer("ann", "right"));
    await waitFor(() => texts.length === 2, { what: "the second message" });
    expect(texts).toEqual(["left", "right"]);
    await second.stop();
  });

  test("an answer given while no server runs is sent by the next one", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const first = await start(bus);
    await first.ask(question("r1"));
    await first.stop();
    const bucket = await openExistingBucket(await nats.bus("person"), "requests");
    await decideStored(bucket, "r1", answer("ann", "left"));
    const second = await start(bus);
    const texts = readMessages(bus);
    await waitFor(() => texts[0] === "left", { what: "the message" });
    expect(second.open()).toEqual([]);
    await second.stop();
  });

  test("nobody answers: a question expires, a stop is refused by policy, and the agent is told", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const requests = await start(bus);
    const texts = readMessages(bus);
    const expires_at = new Date(Date.now() + 100).toISOString();
    await requests.ask(question("r1", { expires_at }));
    await requests.ask(question("r2", { expires_at, kind: "stop_approval", on_expiry: "refuse" }));
    expect(await requests.waitForEnd("r2", 3_000)).toMatchObject({
      state: "expired",
      answer: { approved: false },
    });
    await waitFor(() => texts.length === 2, { what: "both messages" });
    expect(texts.toSorted()).toEqual([
      "nobody answered in time",
      "your stop is refused by policy: nobody answered in time",
    ]);
    await requests.stop();
  });

  test("one who waits gets the answer when it comes, or the open request when the time is over", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const requests = await start(bus);
    await requests.ask(question("r1"));
    expect((await requests.waitForEnd("r1", 100))?.state).toBe("asked");
    const waiting = requests.waitForEnd("r1", 5_000);
    await requests.decide("r1", answer("ann", "left"));
    expect((await waiting)?.answer?.text).toBe("left");
    await requests.stop();
  });

  test("an unknown request is refused with the nearest, and the open ones are listed oldest first", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const requests = await start(bus);
    await requests.ask(question("req-2", { asked_at: "2026-01-02T00:00:00.000Z" }));
    await requests.ask(question("req-1", { asked_at: "2026-01-01T00:00:00.000Z" }));
    await waitFor(() => requests.open().length === 2, { what: "both" });
    expect(requests.open().map(({ request_id }) => request_id)).toEqual(["req-1", "req-2"]);
    expect(requests.decide("req-3", answer("ann", "x"))).rejects.toMatchObject({
      message: 'no request "req-3"',
      hint: "did you mean req-1, req-2?",
    });
    await requests.stop();
  });

  test("one that is over goes after 30 days, without a trace in the bucket", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    let aheadMs = 0;
    const later = () => new Date(Date.now() + aheadMs);
    await using parts = new AsyncDisposableStack();
    const both = [await start(bus, later), await start(await nats.bus("other"), later)];
    for (const requests of both) parts.defer(() => requests.stop());
    const [first] = both;
    await first?.ask(question("over"));
    await first?.ask(question("open"));
    await first?.decide("over", answer("ann", "left"));
    await waitFor(() => both.every((each) => each.get("over")?.told_at !== undefined), { what: "the mark" });
    aheadMs = 30 * 24 * 60 * 60 * 1_000 + 1_000;
    await waitFor(() => both.every((each) => each.get("over") === undefined), { what: "its removal" });
    expect(both.map((each) => each.get("open")?.state)).toEqual(["asked", "asked"]);
    const manager = await bus.connection.jetstreamManager();
    expect((await manager.streams.info("KV_requests")).state.messages).toBe(1);
  });
});
