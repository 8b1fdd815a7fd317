// The MCP server's side of the way to the session's host (listener.ts): tells it what only the MCP server hears, and
// notices when the host is gone, so that the MCP server can do its work instead.
import { directFetch } from "../../direct-fetch.ts";
import { messageOf } from "../../domain/errors.ts";
import type { Logger } from "../../log.ts";
import { type BridgeNews, listenerPaths } from "./listener.ts";

/** Where the host listens, and the run that both belong to. */
export interface HostAddress {
  readonly url: string;
  readonly token: string;
  readonly instanceId: string;
}

export interface HostLink {
  /** In order; what cannot be told is only logged: the host's end is noticed by itself. */
  tell(news: BridgeNews): void;
  stop(): void;
}

const tellWithinMs = 5_000;

/** @param onGone called once, when the host has ended or cannot be reached */
export function startHostLink({ url, token }: HostAddress, onGone: () => void, log: Logger): HostLink {
  const ending = new AbortController();
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  let last: Promise<unknown> = Promise.resolve();

  const watch = async () => {
    try {
      const response = await directFetch(url + listenerPaths.alive, { headers, signal: ending.signal });
      for await (const _ of response.body ?? []) {
        // nothing is said on it but that it lives
      }
      log.info("the session's host has ended");
    } catch (error) {
      log.info(`the session's host is gone: ${messageOf(error)}`);
    }
    if (!ending.signal.aborted) onGone();
  };
  void watch();

  const post = async (news: BridgeNews) => {
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(tellWithinMs)]);
    const body = JSON.stringify(news);
    const response = await directFetch(url + listenerPaths.bridge, { method: "POST", headers, body, signal });
    await response.arrayBuffer();
  };
  return {
    tell(news) {
      last = last
        .then(() => post(news))
        .catch((error: unknown) => log.debug(`the session's host: ${messageOf(error)}`));
    },
    stop: () => ending.abort(),
  };
}
