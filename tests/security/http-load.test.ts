// Many clients and slow ones, over real sockets: the server stays quick for everybody else, and lets go of what has gone.

import { expect, test } from "bun:test";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { serveHttp } from "../../src/runtime.ts";
import { msOf } from "../support/quickest.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestApp } from "../web/test-app.ts";

/** @param requestWithinS shorter than by default, so that a test can see it */
async function startTestHttp(requestWithinS = 4) {
  const web = await startTestApp();
  let watchers = 0;
  const { fleet } = web.test.server;
  const { onChange } = fleet;
  Object.assign(fleet, {
    onChange(listener: Parameters<typeof onChange>[0]) {
      const stop = onChange.call(fleet, listener);
      watchers += 1;
      return () => {
        watchers -= 1;
        stop();
      };
    },
  });
  const http = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    requestWithinS,
    fetch: web.app.fetch,
  });
  return {
    web,
    port: http.port,
    watchers: () => watchers,
    async [Symbol.asyncDispose]() {
      await http.stop();
      await web[Symbol.asyncDispose]();
    },
  };
}

/** A client of bare bytes. */
async function dial(
  port: number,
  text: string,
): Promise<{ socket: Socket; received: () => string; closed: Promise<void> }> {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.setEncoding("latin1").on("data", (data: string) => {
    received += data;
  });
  socket.on("error", () => undefined); // cut off by the server: that is what is looked at
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await once(socket, "connect");
  socket.write(text);
  return { socket, received: () => received, closed };
}

/** How long the API takes to answer, in ms: the shortest of 20 times. */
async function quickest(port: number): Promise<number> {
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/agents`);
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  };
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 20; i += 1) best = Math.min(best, await msOf(ask));
  return best;
}

/** How many times as long as alone the API may take beside others. Measured: 1 to 3 times. */
const mostTimes = 100;

test.each(["with its length", "in chunks"])(
  "a body over 8 MB, sent %s, is refused in our own words, and the next request is answered",
  async (how) => {
    await using server = await startTestHttp();
    await server.web.heartbeat("ada");
    const url = `http://127.0.0.1:${server.port}/api/agents/ada/commands`;
    const text = `{"type":"task","text":"${"x".repeat(64 * 1024 * 1024)}"}`;
    const body = how === "in chunks" ? new Blob([text]).stream() : text;
    const response = await fetch(url, { method: "POST", body });
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({
      error: {
        code: "payload_too_large",
        message: "the body is over the limit of 8 MB",
        hint: "write the text to a file that the agent can read, and send its path",
      },
    });
    expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
  },
);

test("1,000 event streams at once: each hears of a change, the API answers, and nobody is watched for who has gone", async () => {
  await using server = await startTestHttp();
  await server.web.heartbeat("ada");
  const aloneMs = await quickest(server.port);
  const request = "GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  const clients = await Promise.all(Array.from({ length: 1_000 }, () => dial(server.port, request)));
  const all = (text: string) => clients.every(({ received }) => received().includes(text));
  await waitFor(() => all("event: fleet"), { what: "every stream has the fleet" });
  expect(server.watchers()).toBe(1_000);
  server.web.bus.publish("agent.ada.heartbeat", {
    agent_id: "ada",
    status: "idle",
    current_task: "a new task",
  });
  await waitFor(() => all("a new task"), { what: "every stream has the change" });
  expect(await quickest(server.port)).toBeLessThan(mostTimes * aloneMs);
  for (const { socket } of clients) socket.destroy();
  await waitFor(() => server.watchers() === 0, { what: "nobody is watched for" });
});

test("clients that dribble their headers or bodies, or say nothing, hold up nobody and are cut off", async () => {
  await using server = await startTestHttp();
  const aloneMs = await quickest(server.port);
  const post = "POST /api/heartbeat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n";
  const starts = ["", "GET / HT", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", `${post}{`];
  const clients = await Promise.all(
    starts.flatMap((text) => Array.from({ length: 50 }, () => dial(server.port, text))),
  );
  const drip = setInterval(() => {
    for (const { socket } of clients) if (socket.writable) socket.write(" ");
  }, 1_000);
  try {
    expect(await quickest(server.port)).toBeLessThan(mostTimes * aloneMs);
    let open = clients.length;
    for (const { closed } of clients) void closed.then(() => (open -= 1));
    await waitFor(() => open === 0, { what: "all have been cut off", saw: () => open });
  } finally {
    clearInterval(drip);
    for (const { socket } of clients) socket.destroy();
  }
});

test("an event stream outlives the limit for requests", async () => {
  await using server = await startTestHttp();
  const { received, socket } = await dial(server.port, "GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await waitFor(() => received().includes(": keep-alive"), { what: "a sign of life" });
  socket.destroy();
});
