// The only file that sends HTTP requests: to serve, to a session's host, and to the server of an agent CLI. It bypasses every proxy, because a proxy
// cannot reach this machine's loopback and must not see these requests.
import type { IncomingMessage } from "node:http";

export interface DirectRequest {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Default true. False only if the request carries no secret and the server's certificate does not name loopback. */
  readonly checksCertificate?: boolean;
}

/**
 * Fetches as `fetch` does, but past every proxy, with a new connection for each request and no deadline of its own. `fetch`
 * itself cannot be used, because Bun and Deno use the proxies in HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, and Deno has no option
 * against it.
 * @throws what the socket throws, or an abort error of the runtime
 */
export async function directFetch(url: string | URL, options: DirectRequest = {}): Promise<Response> {
  const { method = "GET", headers = {}, body, signal, checksCertificate = true } = options;
  const target = new URL(url);
  // Loaded here, because it takes 5 ms (Bun 1.4.5), and many a command sends no request.
  const isTls = target.protocol === "https:";
  const { Agent, request } = isTls ? await import("node:https") : await import("node:http");
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const agent = new Agent(byNoProxy);
    const how = { method, headers, agent, rejectUnauthorized: checksCertificate, ...(signal && { signal }) };
    request(target, how, resolve).on("error", reject).end(body);
  });
  return await responseOf(message);
}

/**
 * As {@link directFetch}, for a process that lives for some milliseconds: where no variable names a proxy, the `fetch` of the runtime asks, which
 * takes 1 ms in place of 7 (Bun 1.4.5). The certificate is checked.
 * @param env the environment of this process, in which `fetch` would look for a proxy
 */
export async function quickFetch(
  url: string | URL,
  options: Omit<DirectRequest, "checksCertificate">,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Response> {
  if (Object.keys(env).some((name) => /_proxy$/i.test(name) && env[name] !== "")) {
    return await directFetch(url, options);
  }
  const { method = "GET", headers = {}, body = null, signal = null } = options;
  // Bun alone knows `timeout`: without it, it gives up after six minutes (measured with 1.4.5).
  const request = { method, headers: { ...headers, connection: "close" }, body, signal, timeout: false };
  return await fetch(url, { ...request, redirect: "manual" } as RequestInit);
}

export interface UnixSocket {
  send(text: string): void;
  readonly close: () => void;
  /** Calls the listener when the connection has ended; at once if it has. */
  onClose(listener: () => void): void;
}

/**
 * Opens a WebSocket over a unix socket. Bun alone can do that.
 * @param signal ends the attempt; it has no effect once the socket is open
 * @throws Error if nobody listens there, or if nobody answers before the signal aborts
 */
export async function openUnixSocket(
  path: string,
  onMessage: (text: string) => void,
  signal: AbortSignal,
): Promise<UnixSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = new WebSocket(`ws+unix://${path}:/`);
  const closed = new Promise<void>((close) => {
    socket.onclose = () => {
      close();
      reject(new Error(`the socket ${path} is closed`));
    };
  });
  socket.onopen = () => resolve();
  socket.onmessage = ({ data }) => onMessage(String(data));
  const giveUp = () => {
    reject(new Error(`the socket ${path} has not answered`));
    socket.close();
  };
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp, { once: true });
  await promise.finally(() => signal.removeEventListener("abort", giveUp));
  return {
    send: (text) => socket.send(text),
    close: () => socket.close(),
    onClose: (listener) => void closed.then(listener),
  };
}

/** With an empty `proxyEnv`: otherwise Deno 2.9 takes the proxies from the environment when NODE_USE_ENV_PROXY is set. */
const byNoProxy: object = { keepAlive: false, proxyEnv: {} };

const statusesWithoutBody: readonly number[] = [101, 204, 205, 304];

async function responseOf(message: IncomingMessage): Promise<Response> {
  const { Readable } = await import("node:stream");
  const { statusCode: status = 500 } = message;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(message.headersDistinct))
    for (const value of values) headers.append(name, value);
  if (!statusesWithoutBody.includes(status))
    return new Response(Readable.toWeb(message) as unknown as ReadableStream<Uint8Array>, {
      status,
      headers,
    });
  message.resume();
  return new Response(null, { status, headers });
}
