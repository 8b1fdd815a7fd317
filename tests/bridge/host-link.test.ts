import { expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { instanceHeader } from "../../src/agent-link/host-protocol.ts";
import { listenerPaths } from "../../src/agent-link/listener-paths.ts";
import { startHostLink } from "../../src/bridge/host-link.ts";
import { silentLogger as log } from "../../src/log.ts";
import { stays, until } from "../support/wait-for.ts";

/** A host's listener: holds the connection of `alive` open, and takes news. */
async function startListener({ port = 0, instanceId = "run-1" } = {}) {
  const open: ServerResponse[] = [];
  const news: unknown[] = [];
  const server = createServer(async (request, response) => {
    if (request.url === listenerPaths.alive) {
      response.writeHead(200, { [instanceHeader]: instanceId }).write(" ");
      open.push(response);
      return;
    }
    let body = "";
    for await (const part of request) body += part;
    news.push([request.url, request.headers.authorization, JSON.parse(body)]);
    response.end();
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return {
    ...{ open, news, port: address.port, url: `http://127.0.0.1:${address.port}` },
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function link(url: string) {
  const told: string[] = [];
  const started = startHostLink({
    host: { url, token: "secret", instanceId: "run-1" },
    onGone: () => told.push("gone"),
    onBack: () => told.push("back"),
    log,
  });
  return { told, tell: started.tell, [Symbol.dispose]: started.stop };
}

/** Two looks, 1.5 s apart, show that a host is gone. */
const looks = { because: "two looks 1.5 s apart would have found it gone", forMs: 4_000 };

test("startHostLink() tells the host the news in their order, with the token", async () => {
  await using host = await startListener();
  using bridge = link(host.url);
  bridge.tell({ status: "working" });
  bridge.tell({ status: "idle" });
  await until("both", () => host.news.length === 2);
  expect(host.news).toEqual(
    ["working", "idle"].map((status) => [listenerPaths.bridge, "Bearer secret", { status }]),
  );
});

test("startHostLink() notices that the host has ended, once, and that it is back", async () => {
  const host = await startListener();
  using bridge = link(host.url);
  await until("it is reached", () => host.open.length > 0);
  await host[Symbol.asyncDispose]();
  await until("it is gone", () => bridge.told.length > 0);
  await using _again = await startListener({ port: host.port });
  await until("it is back", () => bridge.told.length > 1);
  expect(bridge.told).toEqual(["gone", "back"]);
});

test("startHostLink() takes another program on the host's port for no host", async () => {
  const host = await startListener();
  using bridge = link(host.url);
  await until("it is reached", () => host.open.length > 0);
  await host[Symbol.asyncDispose]();
  await using _other = await startListener({ port: host.port, instanceId: "run-2" });
  await until("it is gone", () => bridge.told.length > 0);
  expect(bridge.told).toEqual(["gone"]);
});

test("startHostLink() tells neither a broken connection nor a host that was never reached as gone", async () => {
  await using host = await startListener();
  const never = await startListener();
  await never[Symbol.asyncDispose]();
  using bridge = link(host.url);
  using other = link(never.url);
  await until("it is reached", () => host.open.length > 0);
  host.open[0]?.destroy();
  await until("it is reached again", () => host.open.length > 1);
  await stays(() => bridge.told.length + other.told.length === 0, { what: "nothing is told", ...looks });
});
