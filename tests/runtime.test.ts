// The HTTP server on real sockets: what its limit for requests cuts off, and what it does not.
import { expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { serveHttp } from "../src/runtime.ts";
import { waitFor } from "./support/wait-for.ts";

async function dial(port: number, text: string) {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.setEncoding("latin1").on("data", (data: string) => {
    received += data;
  });
  socket.on("error", () => undefined); // cut off by the server: that is what is looked at
  let isClosed = false;
  socket.once("close", () => {
    isClosed = true;
  });
  await once(socket, "connect");
  socket.write(text);
  return { received: () => received, isClosed: () => isClosed };
}

test("serveHttp() > an answer may take longer than its request may take to arrive; a connection that then says nothing is cut off", async () => {
  const limitPassed = Promise.withResolvers<void>();
  let arrived = 0;
  const http = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    requestWithinS: 1,
    async fetch(request) {
      const text = await request.text().catch(() => "cut off");
      arrived += 1;
      await limitPassed.promise;
      return new Response(`answer to ${request.method} ${text}`);
    },
  });
  try {
    const head = "HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    const clients = await Promise.all([
      dial(http.port, `GET / ${head}\r\n`),
      dial(http.port, `POST / ${head}Content-Length: 0\r\n\r\n`),
      dial(http.port, `POST / ${head}Content-Length: 5\r\n\r\nwords`),
    ]);
    await waitFor(() => arrived === 3, { what: "all have arrived" });
    const half = await dial(http.port, `POST / ${head}Content-Length: 5\r\n\r\nwo`);
    await waitFor(half.isClosed, { what: "a request that does not arrive in whole is cut off" });
    expect(clients.map(({ isClosed }) => isClosed())).toEqual([false, false, false]);
    limitPassed.resolve();
    for (const [index, words] of ["GET ", "POST ", "POST words"].entries())
      await waitFor(() => clients[index]?.received().endsWith(`answer to ${words}`) === true, {
        what: `the answer to ${words}`,
      });
    await waitFor(() => clients.every(({ isClosed }) => isClosed()), { what: "all are cut off" });
  } finally {
    limitPassed.resolve();
    await http.stop();
  }
});
