// A proxy like that of a company. It forwards the requests for one server, and refuses all others, such as those to this machine's loopback.
// It takes CONNECT, and requests with whole addresses.
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";

export interface CompanyProxy extends AsyncDisposable {
  readonly url: string;
  /** What it refused, as `127.0.0.1:PORT`. */
  readonly refused: readonly string[];
}

/** @param forwards the address of the server to which it forwards requests */
export async function startCompanyProxy(forwards: string): Promise<CompanyProxy> {
  const known = new URL(forwards).host;
  const refused: string[] = [];
  const mayPass = (host: string) => {
    if (host !== known) refused.push(host);
    return host === known;
  };
  const server = createServer((incoming, outgoing) => {
    const url = URL.parse(incoming.url ?? "");
    if (url === null || !mayPass(url.host)) return void outgoing.writeHead(502).end("no such host");
    const { method, headers } = incoming;
    const onward = request(url, { method, headers, agent: false }, (answer: IncomingMessage) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.on("connect", ({ url = "" }: IncomingMessage, socket: Duplex) => {
    socket.on("error", () => undefined); // the client has hung up
    if (!mayPass(url)) return void socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    const { hostname, port } = new URL(`http://${url}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
