// Somebody between a machine and a NATS server: ends TLS with a certificate of his own, reads all, and passes it on to the server and back.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, connect as startTls, type TLSSocket } from "node:tls";

export interface TlsRelay extends AsyncDisposable {
  readonly port: number;
  /** All that machines have said under TLS. */
  heard(): string;
}

/** @param target the port of the server, of which no certificate is checked */
export async function startTlsRelay(
  target: number,
  certificate: { readonly cert: string; readonly key: string },
): Promise<TlsRelay> {
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const keep = <Kept extends Socket>(socket: Kept): Kept => {
    sockets.add(socket);
    return socket.on("error", () => socket.destroy());
  };
  /** The connection to the server, by the port from which the inner one comes. */
  const farOf = new Map<number, TLSSocket>();
  const inner = createTlsServer({ cert: certificate.cert, key: certificate.key }, (near) => {
    const far = farOf.get(near.remotePort ?? 0);
    keep(near).on("data", (chunk: Buffer) => {
      heard.push(chunk);
      far?.write(chunk);
    });
    far?.on("data", (chunk: Buffer) => near.write(chunk));
  });
  const innerPort = await listen(inner);
  const outer = createServer((near) => {
    const far = keep(connect(target, "127.0.0.1"));
    keep(near);
    // The first line of a NATS server is not under TLS.
    far.once("data", (info: Buffer) => {
      const middle = keep(connect(innerPort, "127.0.0.1"));
      middle.once("connect", () => {
        farOf.set(middle.localPort ?? 0, keep(startTls({ socket: far, rejectUnauthorized: false })));
        near.pipe(middle).pipe(near);
        near.write(info);
      });
    });
  });
  return {
    port: await listen(outer),
    heard: () => Buffer.concat(heard).toString(),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      for (const server of [outer, inner]) {
        server.close();
        await once(server, "close");
      }
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
