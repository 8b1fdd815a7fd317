import { describe, expect, test } from "bun:test";
import { parseJson } from "../../src/domain/wire/decode.ts";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { ensureStreams } from "../../src/nats/jetstream/streams.ts";
import { startTestNats } from "../support/nats.ts";
import { patienceMs, until, waitFor } from "../support/wait-for.ts";

describe("connectBus()", () => {
  test("a server that is not there is one error with a hint", async () => {
    const connecting = connectBus({
      url: "nats://127.0.0.1:1",
      name: "x",
      connectTimeoutMs: 500,
      log: silentLogger,
    });
    expect(connecting).rejects.toMatchObject({
      code: "nats_unreachable",
      message: "NATS cannot be reached: connect to nats://127.0.0.1:1",
      hint: "start the server: cliai serve",
    });
  });

  test("a request that nobody answers says so at once, one that is not answered in time says so then", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    expect(bus.request("nobody.here", {}, { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: "server_unreachable",
    });
    bus.subscribe("silent", () => undefined);
    await bus.flush();
    expect(bus.request("silent", {}, { timeoutMs: 100 })).rejects.toMatchObject({ code: "no_answer" });
  });

  test("a request ends when its signal aborts", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    bus.subscribe("silent", () => undefined);
    await bus.flush();
    const abort = new AbortController();
    const asked = bus.request("silent", {}, { timeoutMs: 20_000, signal: abort.signal });
    abort.abort();
    expect(asked).rejects.toMatchObject({ code: "interrupted" });
  });

  test("from the moment in which it is closed it is not connected, because soon it takes no message any more", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    expect(bus.isConnected()).toBe(true);
    const closing = bus.close();
    expect(bus.isConnected()).toBe(false);
    await closing;
  });

  test("8 MB pass, more is refused before it is sent", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const got = Promise.withResolvers<number>();
    bus.subscribe("big", ({ data }) => got.resolve(data.length));
    await bus.flush();
    bus.publish("big", "x".repeat(8 * 1024 * 1024 - 2));
    expect(await got.promise).toBe(8 * 1024 * 1024);
    expect(() => bus.publish("big", "x".repeat(8 * 1024 * 1024))).toThrow("over the limit of 8 MB");
  });

  test("members of a queue group share the messages, each answered once", async () => {
    await using nats = await startTestNats();
    const [one, two, asker] = [await nats.bus(), await nats.bus(), await nats.bus()];
    const counts = [0, 0];
    for (const [i, bus] of [one, two].entries()) {
      bus.subscribe(
        "work",
        (message) => {
          counts[i] = (counts[i] ?? 0) + 1;
          message.reply({ by: i });
        },
        { queue: "serve" },
      );
      await bus.flush();
    }
    await Promise.all(Array.from({ length: 50 }, () => asker.request("work", {}, { timeoutMs: 60_000 })));
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(50);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  test("it is back, with its subscriptions, after nats-server was killed", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const changes: boolean[] = [];
    bus.onConnection((connected) => changes.push(connected));
    bus.subscribe("echo", (message) => message.reply(parseJson(message.data)));
    await bus.flush();
    nats.kill();
    await waitFor(() => changes.at(-1) === true, { what: "the connection's return" });
    expect(changes).toEqual([false, true]);
    expect(parseJson(await bus.request("echo", { a: 1 }, { timeoutMs: 60_000 }))).toEqual({ a: 1 });
  });

  test("what is asked and stored while the connection is lost is sent once it is back", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    let echoed = 0;
    bus.subscribe("echo", (message) => {
      echoed += 1;
      message.reply(parseJson(message.data));
    });
    await bus.flush();
    nats.kill();
    await until("the connection is lost", () => !bus.isConnected());
    const late = bus.request("echo", {}, { timeoutMs: 1 }).catch((error: unknown) => error);
    const given = new AbortController();
    const givenUp = bus
      .request("echo", {}, { timeoutMs: patienceMs, signal: given.signal })
      .catch((error: unknown) => error);
    given.abort();
    const answer = bus.request("echo", { a: 1 }, { timeoutMs: patienceMs });
    const stored = bus.publishStored("agent.ada.command", { type: "stop" }, { timeoutMs: patienceMs });
    expect(await late).toMatchObject({ code: "nats_unreachable" });
    expect(await givenUp).toMatchObject({ code: "interrupted" });
    expect(echoed).toBe(0);
    expect(bus.isConnected()).toBe(false);
    expect(parseJson(await answer)).toEqual({ a: 1 });
    expect((await stored).seq).toBeGreaterThan(0);
    // The one that was given up is not sent.
    expect(echoed).toBe(1);
  });

  test("a bus that is closed while it waits for its connection answers at once", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    nats.kill();
    await until("the connection is lost", () => !bus.isConnected());
    const asked = bus.request("echo", {}, { timeoutMs: 2 * patienceMs }).catch((error: unknown) => error);
    await bus.close();
    expect(await asked).toMatchObject({ code: "nats_unreachable" });
  });

  test("a message with an id that the stream has is not stored twice", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const store = () => bus.publishStored("agent.ada.command", { type: "stop" }, { id: "once" });
    expect(await store()).toEqual({ seq: 1, duplicate: false });
    expect(await store()).toEqual({ seq: 1, duplicate: true });
  });

  test("storing on a subject without a stream is an error, not a loss", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    expect(bus.publishStored("agent.ada.command", {})).rejects.toMatchObject({ code: "server_unreachable" });
  });

  test("a subscriber that throws is told in the log, and the connection goes on: other messages come, requests are answered", async () => {
    await using nats = await startTestNats();
    const told: string[] = [];
    const log = { ...silentLogger, error: (text: string) => told.push(text) };
    const bus = await connectBus({ url: nats.url, name: "x", log });
    await using _ = { [Symbol.asyncDispose]: () => bus.close() };
    bus.subscribe("bad", () => {
      throw new Error("out of room");
    });
    bus.subscribe("good", (message) => message.reply("here"));
    bus.publish("bad", 1);
    expect(parseJson(await bus.request("good", {}, { timeoutMs: 20_000 }))).toBe("here");
    expect(told).toEqual(["a message on bad is not handled: out of room"]);
  });

  test("a listener of the connection that throws keeps no other from hearing of the loss and of the return", async () => {
    await using nats = await startTestNats();
    const told: string[] = [];
    const log = { ...silentLogger, error: (text: string) => told.push(text) };
    const bus = await connectBus({ url: nats.url, name: "x", firstReconnectMs: 5, log });
    await using _ = { [Symbol.asyncDispose]: () => bus.close() };
    const heard: boolean[] = [];
    bus.onConnection(() => {
      throw new Error("out of room");
    });
    bus.onConnection((isUp) => heard.push(isUp));
    nats.kill();
    await waitFor(() => heard.length === 2, { what: "the loss and the return", saw: () => heard });
    expect(heard).toEqual([false, true]);
    expect(told).toHaveLength(2);
  });
});
