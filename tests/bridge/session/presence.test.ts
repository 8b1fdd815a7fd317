// The bridge beside a host: it leaves heartbeats and orders to the host, and takes them over once that is gone.
import { expect, test } from "bun:test";
import { createListener } from "../../../src/bridge/session/listener.ts";
import { silentLogger } from "../../../src/log.ts";
import { startTestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";
import { listenTo, startTestBridge } from "../bridge-fixture.ts";

test("beside a host it tells that what it hears, and is silent on NATS until the host is gone", async () => {
  await using test = await startTestServer();
  const news: object[] = [];
  const links: boolean[] = [];
  const listener = createListener({
    token: "secret",
    onHook: () => Promise.resolve({}),
    onTelemetry: () => undefined,
    onBridge: (each) => news.push(each),
    onBridgeLink: (isUp) => links.push(isUp),
    log: silentLogger,
  });
  const http = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: listener });
  const url = `http://127.0.0.1:${http.port}`;
  const heard = await listenTo(test.bus, "ada");
  await using ada = startTestBridge({
    url: test.nats.url,
    host: { url, token: "secret", instanceId: "of-the-host" },
    messaging: { path: "/tmp/s.sock", token: "t" },
  });
  const client = await ada.connect("modern");
  await client.listTools();
  await waitFor(() => news.some((each) => "cli" in each), {
    what: "the host hears of the CLI",
    saw: () => news,
  });
  expect(news[0]).toEqual({ messaging: { path: "/tmp/s.sock", token: "t" } });
  expect(heard.heartbeats).toEqual([]);
  expect(links).toEqual([true]);

  await http.stop(true);
  await waitFor(() => heard.heartbeats.length > 0, { what: "its own heartbeat", deadlineMs: 5_000 });
  expect(heard.heartbeats[0]).toMatchObject({ status: "connected" });
  expect(heard.heartbeats[0]?.instance_id).not.toBe("of-the-host");
  await test.server.sendCommand({ id: ada.id, type: "stop", from: "eve" });
  expect(await ada.bridge.ended).toBe("stopped");
});

test("the listener takes nothing without its token", async () => {
  const listener = createListener({
    token: "secret",
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
