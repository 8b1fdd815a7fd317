import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { connectSocket } from "../../../../src/agents/codex/app-server/codex-transport.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { waitFor } from "../../../support/wait-for.ts";

const nothing = () => undefined;
const silent = { onMessage: nothing, onClose: nothing };

/** Listens on a socket, and answers nothing there. */
async function listenSilently(path: string) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", nothing));
    socket.resume();
  }).listen(path);
  await once(server, "listening");
  return { sockets, [Symbol.dispose]: () => void server.close() };
}

describe("connectSocket()", () => {
  test("gives up on a server that takes the connection and never answers", async () => {
    await using dir = await tempDir();
    using server = await listenSilently(dir.join("s"));
    const connecting = connectSocket(dir.join("s"), new AbortController().signal, silent, 300);
    await expect(connecting).rejects.toMatchObject({
      ...{ code: "cli_missing", message: `codex app-server has not opened its socket ${dir.join("s")}` },
    });
    const isClosed = () =>
      server.sockets.length > 0 &&
      server.sockets.every(({ readableEnded, destroyed }) => readableEnded || destroyed);
    await waitFor(isClosed, { what: "its connection is closed" });
  });

  test("gives up as soon as the server has ended", async () => {
    await using dir = await tempDir();
    using server = await listenSilently(dir.join("s"));
    const ended = new AbortController();
    const connecting = connectSocket(dir.join("s"), ended.signal, silent);
    await waitFor(() => server.sockets.length > 0, { what: "it connects" });
    ended.abort();
    await expect(connecting).rejects.toMatchObject({ code: "cli_missing" });
  });
});
