// A receiver of webhooks on a port of its own, which can be down, slow, or answer anything.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A status with a text, the same without an end of the body, or nothing at all. */
export type Answer = { readonly status: number; readonly text?: string; readonly isEndless?: true } | "never";

export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  /** All that has come, also what was not taken. */
  readonly received: readonly ReceivedWebhook[];
  /** What was answered with 200. */
  readonly taken: readonly ReceivedWebhook[];
  /** How it answers the next ones. */
  answer(how: Answer | ((body: string) => Answer)): void;
  /** Refuses connections until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const taken: ReceivedWebhook[] = [];
  let next: Parameters<WebhookReceiver["answer"]>[0] = { status: 200 };
  let server: Server | undefined;
  let port = 0;
  const take = (webhook: ReceivedWebhook, response: ServerResponse) => {
    received.push(webhook);
    const how = typeof next === "function" ? next(webhook.body) : next;
    if (how === "never") return;
    if (how.status === 200) taken.push(webhook);
    response.writeHead(how.status);
    if (how.isEndless) response.write(how.text ?? " ");
    else response.end(how.text ?? "");
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
    answer(how) {
      next = how;
    },
    [Symbol.asyncDispose]: down,
  };
}
