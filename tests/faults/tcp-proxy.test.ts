import { expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createConnection, createServer } from "node:net";
import { waitFor } from "../support/wait-for.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

/** A server that gives back what it gets. */
async function startEcho() {
  const server = createServer((socket) => void socket.on("error", () => {}).pipe(socket)).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

async function open(port: number) {
  const socket = createConnection({ host: "127.0.0.1", port });
  const state = { text: "", isClosed: false };
  socket.setEncoding("utf8").on("data", (text: string) => {
    state.text += text;
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    state.isClosed = true;
  });
  await once(socket, "connect");
  return { socket, state, [Symbol.dispose]: () => void socket.destroy() };
}

test("bytes flow through, stand still while stalled, and all arrive in order afterwards", async () => {
  await using echo = await startEcho();
  await using proxy = await startTcpProxy(echo.port);
  using one = await open(proxy.port);
  one.socket.write("a");
  await waitFor(() => one.state.text === "a", { what: "the echo" });
  proxy.stall();
  one.socket.write("b");
  using late = await open(proxy.port);
  late.socket.write("x");
  // A connection past the proxy has made its way and back: the stalled ones had the time, too.
  using direct = await open(echo.port);
  direct.socket.write("!");
  await waitFor(() => direct.state.text === "!", { what: "the direct echo" });
  expect([one.state.text, late.state.text]).toEqual(["a", ""]);
  one.socket.write("c");
  proxy.restore();
  await waitFor(() => one.state.text === "abc" && late.state.text === "x", {
    what: "what was held back",
    saw: () => [one.state, late.state],
  });
});

test("a cut ends every connection and each new one, until it is restored", async () => {
  await using echo = await startEcho();
  await using proxy = await startTcpProxy(echo.port);
  using one = await open(proxy.port);
  one.socket.write("a");
  await waitFor(() => one.state.text === "a", { what: "the echo" });
  proxy.cut();
  await waitFor(() => one.state.isClosed, { what: "the end of the connection" });
  using refused = await open(proxy.port);
  await waitFor(() => refused.state.isClosed, { what: "the end of a new connection" });
  proxy.restore();
  using again = await open(proxy.port);
  again.socket.write("b");
  await waitFor(() => again.state.text === "b", { what: "the echo of a new connection" });
});

test("an abandoned connection ends for its client, and stays open for the target", async () => {
  const opened: { isClosed: boolean }[] = [];
  const target = createServer((socket) => {
    const state = { isClosed: false };
    opened.push(state);
    socket.on("error", () => {});
    socket.on("close", () => {
      state.isClosed = true;
    });
  }).listen(0, "127.0.0.1");
  await once(target, "listening");
  const proxy = await startTcpProxy((target.address() as AddressInfo).port);
  using one = await open(proxy.port);
  await waitFor(() => opened.length === 1, { what: "its way to the target" });
  proxy.abandon();
  await waitFor(() => one.state.isClosed, { what: "the client's end" });
  using next = await open(proxy.port);
  await waitFor(() => opened.length === 2, { what: "a new one" });
  expect([next.state.isClosed, ...opened.map(({ isClosed }) => isClosed)]).toEqual([false, false, false]);
  await proxy[Symbol.asyncDispose]();
  await waitFor(() => opened.every(({ isClosed }) => isClosed), { what: "the end of all" });
  target.close();
});
