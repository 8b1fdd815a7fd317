// The bridge beside a host: it leaves heartbeats and orders to the host, takes them over once that is gone, and gives them back
// where it answers again.
import { describe, expect, test } from "bun:test";
import { listenerPaths } from "../../src/agent-link/listener-paths.ts";
import { createListener } from "../../src/host/listener.ts";
import { silentLogger } from "../../src/log.ts";
import { listenTo, startTestBridge, type TestBridgeOptions } from "../support/bridge-fixture.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { stays, waitFor } from "../support/wait-for.ts";

const host = { token: "secret", instanceId: "of-the-host" };

interface TestHost extends AsyncDisposable {
  readonly url: string;
  readonly news: object[];
  /** Each time the bridge came, and each time it went. */
  readonly links: boolean[];
  /** Cuts the connection that is held open, and goes on listening. */
  cut(): void;
  stop(): Promise<void>;
}

/** A host's listener, at a port that may have been another's. */
function startTestHost(port = 0, instanceId = host.instanceId): TestHost {
  const news: object[] = [];
  const links: boolean[] = [];
  const open = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const listener = createListener({
    token: host.token,
    instanceId,
    onHook: () => Promise.resolve({}),
    onTelemetry: () => undefined,
    onBridge: (each) => news.push(each),
    onBridgeLink: (isUp) => links.push(isUp),
    log: silentLogger,
  });
  const http = Bun.serve({
    port,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const { body, headers, status } = await listener(request);
      if (new URL(request.url).pathname !== listenerPaths.alive)
        return new Response(body, { headers, status });
      const held = new ReadableStream<Uint8Array>({
        start(controller) {
          open.add(controller);
          controller.enqueue(new TextEncoder().encode(": alive\n\n"));
        },
      });
      return new Response(held, { headers, status });
    },
  });
  return {
    ...{ url: `http://127.0.0.1:${http.port}`, news, links },
    cut() {
      for (const controller of open) controller.close();
      open.clear();
    },
    stop: () => http.stop(true),
    [Symbol.asyncDispose]: () => http.stop(true),
  };
}

/** A bridge beside that host, and what is heard of the agent on NATS. */
async function startBeside(test: TestServer, first: TestHost, more: Partial<TestBridgeOptions> = {}) {
  const heard = await listenTo(test.bus, "ada");
  const ada = startTestBridge({ url: test.nats.url, host: { ...host, url: first.url }, ...more });
  return { heard, ada, [Symbol.asyncDispose]: () => ada[Symbol.asyncDispose]() };
}

/** Its CLI has come, and the host has gone: the bridge speaks for the agent itself. */
async function takeOver(
  first: TestHost,
  { ada, heard }: Awaited<ReturnType<typeof startBeside>>,
): Promise<void> {
  await (await ada.connect("modern")).listTools();
  await waitFor(() => first.news.some((each) => "cli" in each), {
    ...{ what: "the host hears of the CLI", saw: () => first.news },
  });
  await first.stop();
  await waitFor(() => heard.heartbeats.length > 0, { what: "its own heartbeat" });
}

describe("startPresence()", () => {
  test("beside a host it tells that what it hears, and is silent on NATS until the host is gone", async () => {
    await using test = await startTestServer();
    await using first = startTestHost();
    const messaging = { path: "/tmp/s.sock", token: "t" };
    await using beside = await startBeside(test, first, { messaging });
    const { heard, ada } = beside;
    const client = await ada.connect("modern");
    await client.listTools();
    await waitFor(() => first.news.some((each) => "cli" in each), {
      what: "the host hears of the CLI",
      saw: () => first.news,
    });
    expect(first.news[0]).toEqual({ messaging });
    expect(heard.heartbeats).toEqual([]);
    expect(first.links).toEqual([true]);

    await first.stop();
    await waitFor(() => heard.heartbeats.length > 0, { what: "its own heartbeat" });
    expect(heard.heartbeats[0]).toMatchObject({ status: "connected" });
    expect(heard.heartbeats[0]?.instance_id).not.toBe(host.instanceId);
  });

  test("a stop that it takes without the host is told as what it is: nobody has ended the agent", async () => {
    await using test = await startTestServer();
    await using first = startTestHost();
    await using beside = await startBeside(test, first);
    await takeOver(first, beside);
    const { heard, ada } = beside;
    await test.server.sendCommand({ id: ada.id, type: "stop", from: "eve" });
    expect(await ada.bridge.ended).toBe("stopped");
    await waitFor(() => heard.statuses.length > 0, { what: "its goodbye", saw: () => heard });
    expect(heard.statuses).toMatchObject([
      { status: "disconnected", message: expect.stringContaining("its CLI may still run") },
    ]);
    expect(heard.receipts.map(({ state }) => state)).toEqual(["delivered", "failed"]);
    const view = test.server.fleet.get(ada.id);
    expect(view?.status).toBe("disconnected");
    expect(view?.axes.control).toMatchObject({ value: "unknown", reason: "it is not connected" });
  });

  test("in its host's place it takes the control orders of the host's run and of its own, and of no other", async () => {
    await using test = await startTestServer();
    await using first = startTestHost();
    await using beside = await startBeside(test, first);
    await takeOver(first, beside);
    const { heard } = beside;
    const own = heard.heartbeats[0]?.instance_id as string;
    for (const run of [host.instanceId, own, "another"]) {
      await test.bus.publishStored("agent.ada.command", { type: "pause", command_id: `of-${run}`, run });
    }
    const receipts = () => heard.receipts.map(({ command_id, state }) => `${command_id} ${state}`);
    await waitFor(() => receipts().length === 3, { what: "three receipts", saw: receipts });
    expect(receipts().toSorted()).toEqual(
      [`of-${host.instanceId} delivered`, `of-${own} delivered`, "of-another failed"].sort(),
    );
  });

  test("a host that was never reached is not taken over from", async () => {
    await using test = await startTestServer();
    const gone = startTestHost();
    await gone.stop();
    await using beside = await startBeside(test, gone);
    const { heard, ada } = beside;
    const looks = () => ada.logged.filter((line) => line.includes("the session's host:")).length;
    await waitFor(() => looks() > 3, { what: "it has looked several times" });
    expect(heard.heartbeats).toEqual([]);
  });

  test("a connection that is cut while the host lives is made again, and nothing is taken over", async () => {
    await using test = await startTestServer();
    await using first = startTestHost();
    await using beside = await startBeside(test, first);
    for (const times of [1, 2, 3]) {
      const came = () => first.links.filter(Boolean).length;
      await waitFor(() => came() === times, { what: `it has come ${times} times`, saw: () => first.links });
      first.cut();
    }
    expect(beside.heard.heartbeats).toEqual([]);
  });

  test("where the host answers again it wins: the bridge is silent on NATS, and tells the host what it knows", async () => {
    await using test = await startTestServer();
    const first = startTestHost();
    const port = Number(new URL(first.url).port);
    await using beside = await startBeside(test, first, { heartbeatIntervalS: 0.1 });
    await takeOver(first, beside);

    // Another program at the same port is no host.
    const other = startTestHost(port, "of-another");
    await waitFor(() => other.links.length > 1, {
      what: "it has looked at the other twice",
    });
    expect(other.news).toEqual([]);
    await other.stop();

    await using again = startTestHost(port);
    await waitFor(() => again.news.length > 0, { what: "the host is told" });
    expect(again.news[0]).toMatchObject({ status: "connected", cli: "test-cli" });
    // Alone it sends a heartbeat every 100 ms. The last one may still be on its way.
    let beats = 0;
    const isSilent = () => {
      const before = beats;
      beats = beside.heard.heartbeats.length;
      return beats === before;
    };
    await waitFor(isSilent, { what: "the bridge is silent", intervalMs: 500, saw: () => beats });
    const last = beside.heard.heartbeats.length;
    await stays(() => beside.heard.heartbeats.length === last, {
      ...{ what: "it sends none", because: "alone it sends one every 100 ms" },
    });
  });

  test("the listener takes nothing without its token", async () => {
    const listener = createListener({
      ...host,
      onHook: () => Promise.reject(new Error("it must not come so far")),
      onTelemetry: () => undefined,
      onBridge: () => undefined,
      onBridgeLink: () => undefined,
      log: silentLogger,
    });
    const ask = (path: string, headers: HeadersInit = {}) =>
      listener(new Request(`http://127.0.0.1:1${path}`, { method: "POST", body: "{}", headers }));
    for (const path of ["/hook", "/bridge", "/alive", "/v1/logs", "/"]) {
      expect((await ask(path)).status).toBe(401);
      expect((await ask(path, { authorization: "Bearer wrong" })).status).toBe(401);
    }
    const right = { authorization: "Bearer secret" };
    expect((await ask("/nowhere", right)).status).toBe(404);
    const broken = listener(
      new Request("http://127.0.0.1:1/bridge", { method: "POST", body: "no json", headers: right }),
    );
    expect((await broken).status).toBe(400);
  });
});
