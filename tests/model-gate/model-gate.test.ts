import { describe, expect, test } from "bun:test";
import { directFetch } from "../../src/direct-fetch.ts";
import { unusedAfterMs } from "../../src/domain/model-queue/model-queue.ts";
import { gateAwayHeader } from "../../src/domain/model-server.ts";
import { longFact } from "../../src/domain/text/fact-words.ts";
import { startGate } from "../support/gate-fixture.ts";
import { startTestNats } from "../support/nats.ts";
import { startSlowModelServer } from "../support/slow-model-server.ts";
import { startTestServer } from "../support/test-server.ts";
import { patienceMs, stays, waitFor } from "../support/wait-for.ts";

describe("createModelGate()", () => {
  test("a request waits for its slot, and its answer comes as the server sends it, with its figures", async () => {
    await using run = await startTestServer();
    await using model = await startSlowModelServer({ isHeld: true });
    const options = { natsUrl: run.nats.url, url: `${model.url}/v1` };
    await using ada = await startGate("ada", options);
    await using bob = await startGate("bob", options);
    const first = ada.ask();
    await waitFor(() => model.bodies.length === 1, { what: "the first request" });
    const second = bob.ask();
    await waitFor(() => bob.states.some(({ place }) => place === 1), { what: "bob waits" });
    model.letAnswer();
    const [one, two] = await Promise.all([first, second]);
    expect(one).toContain('"content":"Hello"');
    expect(one).toContain("[DONE]");
    expect(two).toBe(one);
    expect(model.most()).toBe(1);
    expect(model.headers().authorization).toBe("Bearer key-1");
    const port = new URL(model.url).port;
    expect(ada.states.map(({ state }) => state)).toEqual(["waiting", "working", "idle"]);
    expect(ada.states.at(-1)).toEqual({
      ...{ server: `box:${port}`, model: "tiny", slots: 1, state: "idle" },
      ...{ tokens_per_s: 42, cached_share: 0.75 },
    });
    expect(bob.states).toContainEqual(expect.objectContaining({ state: "waiting", place: 1, waiting: 1 }));
  });

  test("what makes the server do no work passes at once, and only who knows the address is let in", async () => {
    await using nats = await startTestNats();
    await using model = await startSlowModelServer();
    await using ada = await startGate("ada", { natsUrl: nats.url, url: model.url });
    const models = await directFetch(`${ada.url}/v1/models?x=1`);
    expect([models.status, await models.json()]).toEqual([
      404,
      { error: { message: "no GET /v1/models?x=1" } },
    ]);
    expect(await (await directFetch(`${ada.url}/v1/models`)).json()).toEqual({ data: [{ id: "tiny" }] });
    const stranger = await directFetch(`${new URL(ada.url).origin}/v1/models`);
    expect(stranger.status).toBe(404);
    expect(ada.states).toEqual([]);
  });

  test("its address is gone from what an agent CLI says of a request that failed", async () => {
    await using nats = await startTestNats();
    await using ada = await startGate("ada", { natsUrl: nats.url, url: "http://127.0.0.1:1" });
    const [, secret = ""] = new URL(ada.url).pathname.split("/");
    expect(secret.length).toBeGreaterThan(30);
    const said = longFact(`unexpected status 502 Bad Gateway: , url: ${ada.url}/v1/responses`);
    expect(said).not.toContain(secret);
    expect(said).toEndWith("/***/v1/responses");
  });

  test("a server that does not tell how many slots it has gets the requests without a queue", async () => {
    await using nats = await startTestNats();
    await using model = await startSlowModelServer({ isLlama: false });
    await using ada = await startGate("ada", { natsUrl: nats.url, url: model.url });
    expect(await ada.ask()).toContain("[DONE]");
    expect(ada.states.map(({ state }) => state)).toEqual(["working", "idle"]);
  });

  test("how far llama.cpp has read a prompt is shown until its first word, and the client sees none of it", async () => {
    await using run = await startTestServer();
    await using model = await startSlowModelServer({ promptMs: 1_800 });
    await using ada = await startGate("ada", { natsUrl: run.nats.url, url: model.url });
    const plain = await ada.ask();
    expect(model.bodies.at(-1)).toEqual({ model: "tiny" });
    expect(await ada.ask({ body: { model: "tiny", stream: true } })).toBe(plain);
    expect(model.bodies.at(-1)).toEqual({ model: "tiny", stream: true, return_progress: true });
    const prompts = ada.states.map(({ state, prompt_read, prompt_tokens }) => [
      state,
      prompt_read,
      prompt_tokens,
    ]);
    expect(prompts.slice(-6)).toEqual([
      ["waiting", undefined, undefined],
      ["working", undefined, undefined],
      ["working", 0, 200],
      ["working", 100, 200],
      ["working", undefined, undefined],
      ["idle", undefined, undefined],
    ]);
    const own = { model: "tiny", stream: true, return_progress: true };
    expect(await ada.ask({ body: own })).toContain('"prompt_progress":{"processed":100,"total":200}');
  });

  test("the model is shown by the name of the profile, or of its file, and not by a path", async () => {
    await using nats = await startTestNats();
    await using model = await startSlowModelServer({ isLlama: false });
    await using ada = await startGate("ada", { natsUrl: nats.url, url: model.url });
    await ada.ask({ body: { model: "/srv/models/tiny.Q4_1.gguf" } });
    expect(ada.states.at(-1)?.model).toBe("tiny.Q4_1.gguf");
    await using bob = await startGate("bob", { natsUrl: nats.url, url: model.url, model: "tiny" });
    await bob.ask({ body: { model: "/srv/models/tiny.Q4_1.gguf" } });
    expect(bob.states.at(-1)?.model).toBe("tiny");
  });

  test("several slots have their numbers, which llama.cpp is told", async () => {
    await using run = await startTestServer();
    await using model = await startSlowModelServer({ slots: 2, isHeld: true });
    const options = { natsUrl: run.nats.url, url: model.url };
    await using ada = await startGate("ada", options);
    await using bob = await startGate("bob", options);
    const both = Promise.all([ada.ask(), bob.ask()]);
    await waitFor(() => model.bodies.length === 2, { what: "both requests" });
    model.letAnswer();
    await both;
    expect(model.bodies.map(({ id_slot }) => id_slot).toSorted()).toEqual([0, 1]);
    await bob.ask();
    await bob.ask({ body: { id_slot: 7 } });
    const [, , third, fourth] = model.bodies;
    expect([third?.model, [0, 1].includes(third?.id_slot as number), fourth?.id_slot]).toEqual([
      "tiny",
      true,
      7,
    ]);
  });

  test("a lease that is renewed and not used holds nobody up for long, and a long answer is not taken for one", async () => {
    await using run = await startTestServer();
    await using unused = await startSlowModelServer();
    await using busy = await startSlowModelServer({ answerMs: unusedAfterMs + 4_000 });
    await using ada = await startGate("ada", { natsUrl: run.nats.url, url: unused.url });
    await using bob = await startGate("bob", { natsUrl: run.nats.url, url: busy.url });
    await using cleo = await startGate("cleo", { natsUrl: run.nats.url, url: busy.url });
    const lease = {
      request_id: "r1",
      server: `box:${new URL(unused.url).port}`,
      model: "",
      slots: 1,
      slot: 0,
    };
    const tell = (act: string) =>
      run.bus.request("modelserver.lease.idler", { ...lease, act }, { timeoutMs: patienceMs });
    await tell("wait");
    const renewed = setInterval(() => void tell("hold"), 1_000);
    try {
      const long = bob.ask();
      await waitFor(() => busy.bodies.length === 1, { what: "the long request" });
      const answers = await Promise.all([ada.ask(), long, cleo.ask()]);
      for (const answer of answers) expect(answer).toContain("[DONE]");
      expect(busy.most()).toBe(1);
      expect(ada.states.map(({ state }) => state)).toContain("waiting");
      expect(ada.states.map(({ state }) => state)).not.toContain("unqueued");
    } finally {
      clearInterval(renewed);
    }
  });

  test("a server that is away is told as such, and the slot is given back", async () => {
    await using run = await startTestServer();
    const options = { natsUrl: run.nats.url, url: "http://127.0.0.1:1", slots: 1 };
    await using ada = await startGate("ada", options);
    for (let times = 0; times < 2; times += 1) {
      const response = await directFetch(`${ada.url}/v1/chat/completions`, { method: "POST", body: "{}" });
      expect([response.status, response.headers.get(gateAwayHeader)]).toEqual([502, "ECONNREFUSED"]);
      const { error } = (await response.json()) as { error: { message: string } };
      expect(error.message).toBe("no model server answers at http://127.0.0.1:1 (ECONNREFUSED)");
    }
    expect(ada.states.at(-1)?.state).toBe("idle");
  });

  test("a server that dies in an answer cuts it off for the client, too", async () => {
    await using run = await startTestServer();
    const model = await startSlowModelServer({ answerMs: 60_000 });
    await using ada = await startGate("ada", { natsUrl: run.nats.url, url: model.url });
    const asked = ada.ask().catch(() => "cut off");
    await waitFor(() => model.bodies.length === 1, { what: "the request" });
    await model[Symbol.asyncDispose]();
    expect(await asked).not.toContain("[DONE]");
    await waitFor(() => ada.states.at(-1)?.state === "idle", { what: "it is over" });
  });

  test("a cancelled request keeps its slot until llama.cpp has ended its batch, and is shown to do so", async () => {
    await using run = await startTestServer();
    await using model = await startSlowModelServer({ answerMs: 60_000, leavesBatch: true });
    const options = { natsUrl: run.nats.url, url: model.url };
    await using ada = await startGate("ada", options);
    await using bob = await startGate("bob", options);
    const cancel = new AbortController();
    const cancelled = ada.ask({ signal: cancel.signal }).catch(() => "cancelled");
    await waitFor(() => model.bodies.length === 1, { what: "the request" });
    cancel.abort();
    expect(await cancelled).toBe("cancelled");
    await waitFor(() => ada.states.at(-1)?.state === "cancelled", { what: "it is shown as cancelled" });
    const over = new AbortController();
    const next = bob.ask({ signal: over.signal }).catch(() => "cancelled");
    await stays(() => model.bodies.length === 1, {
      ...{ what: "the next one is not sent", because: "the batch runs", forMs: 1_500 },
    });
    model.endBatch();
    await waitFor(() => model.bodies.length === 2, { what: "the next one is sent" });
    await waitFor(() => ada.states.at(-1)?.state === "idle", { what: "the cancelled one is over" });
    over.abort();
    await next;
  });

  test("a request that is cancelled while it waits leaves the queue", async () => {
    await using run = await startTestServer();
    await using model = await startSlowModelServer({ isHeld: true });
    const options = { natsUrl: run.nats.url, url: model.url };
    await using ada = await startGate("ada", options);
    await using bob = await startGate("bob", options);
    const first = ada.ask();
    await waitFor(() => model.bodies.length === 1, { what: "the first request" });
    const cancel = new AbortController();
    const waits = bob.ask({ signal: cancel.signal }).catch(() => "cancelled");
    await waitFor(() => bob.states.some(({ place }) => place === 1), { what: "its place" });
    cancel.abort();
    expect(await waits).toBe("cancelled");
    await waitFor(() => bob.states.at(-1)?.state === "idle", { what: "it does not wait any more" });
    model.letAnswer();
    await first;
    expect(await ada.ask()).toContain("[DONE]");
    expect(model.bodies.length).toBe(2);
  });
});
