// A receiver of webhooks on a port of its own, which can be down, slow, or answer anything.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  /** All that has come, also what was not taken. */
  readonly received: readonly ReceivedWebhook[];
  /** What was answered with 200. */
  readonly taken: readonly ReceivedWebhook[];
  /** How it answers the next ones: a status with a text, or not at all. */
  answer(how: { readonly status: number; readonly text?: string } | "never"): void;
  /** Refuses connections until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const taken: ReceivedWebhook[] = [];
  let how: Parameters<WebhookReceiver["answer"]>[0] = { status: 200 };
  let server: Server | undefined;
  let port = 0;
  const take = (webhook: ReceivedWebhook, response: ServerResponse) => {
    received.push(webhook);
    if (how === "never") return;
    if (how.status === 200) taken.push(webhook);
    response.writeHead(how.status).end(how.text ?? "");
  };
  const up = async () => {
    server = createServer(async (request, response) => {
      const body = await Array.fromAsync(request.setEncoding("utf8"));
      take({ path: request.url ?? "", headers: request.headers, body: body.join("") }, response);
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  };
  const down = async () => {
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    server = undefined;
    await closed;
  };
  await up();
  return {
    ...{ url: `http://127.0.0.1:${port}`, received, taken, down, up },
    answer(next) {
      how = next;
    },
    [Symbol.asyncDispose]: down,
  };
}
