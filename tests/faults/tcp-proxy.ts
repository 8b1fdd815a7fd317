// A TCP proxy on loopback that can cut its connections, stall them and let them flow again. Knows nothing of NATS.
import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Ends every connection at once, and each new one, until `restore`. */
  cut(): void;
  /** Ends the connections of the clients, and of no target: that learns nothing of it, as when a network is gone. New ones flow. */
  abandon(): void;
  /** Holds back all bytes, of new connections too, until `restore`; nobody is told. */
  stall(): void;
  restore(): void;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let mode: "flowing" | "cut" | "stalled" = "flowing";
  const sockets = new Set<Socket>();
  const abandoned = new Set<Socket>();
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // a reset: "close" follows, and ends the other side
    socket.on("close", () => {
      sockets.delete(socket);
      if (!abandoned.has(other)) other.destroy();
    });
    socket.pipe(other);
    if (mode === "stalled") socket.unpipe(other).pause();
  };
  const pairs = new Map<Socket, Socket>();
  const clients = new Map<Socket, Socket>();
  const listener = createServer((client) => {
    if (mode === "cut") {
      client.on("error", () => {}); // it is gone either way
      client.destroy();
      return;
    }
    const target = createConnection({ host: "127.0.0.1", port: targetPort });
    clients.set(client, target);
    client.on("close", () => clients.delete(client));
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      pairs.set(from, to);
      keep(from, to);
      from.on("close", () => pairs.delete(from));
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");

  return {
    port: (listener.address() as AddressInfo).port,
    cut() {
      mode = "cut";
      for (const socket of sockets) socket.destroy();
    },
    abandon() {
      for (const [client, target] of clients) {
        abandoned.add(target);
        client.unpipe(target);
        target.unpipe(client).resume();
        client.destroy();
      }
    },
    stall() {
      mode = "stalled";
      for (const [from, to] of pairs) from.unpipe(to).pause();
    },
    restore() {
      const wasStalled = mode === "stalled";
      mode = "flowing";
      if (wasStalled) for (const [from, to] of pairs) from.pipe(to);
    },
    async [Symbol.asyncDispose]() {
      const closed = once(listener, "close");
      listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
