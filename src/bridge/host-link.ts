// The bridge's connection to its session's host (host/listener.ts): tells the host what only the MCP server hears, and
// notices when the host is gone, so that the bridge can take its place.
import { type BridgeNews, instanceHeader, listenerPaths } from "../agent-link/host-protocol.ts";
import { directFetch } from "../direct-fetch.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import { pause } from "../waiting.ts";

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

export interface HostLinkOptions {
  readonly host: HostAddress;
  /**
   * The host was reached, and its process is gone: the connection that it held open has ended, and twice nobody listened
   * where it did. A host that was never reached, or that does not answer, is not gone.
   */
  readonly onGone: () => void;
  /** The host that was gone answers again. */
  readonly onBack: () => void;
  readonly log: Logger;
}

const tellWithinMs = 5_000;
/** The pause between two looks. A host mostly ends because its CLI has ended, and then this bridge ends, too. */
const lookAgainMs = 1_500;
/** How long an answer may take to begin. A suspended or very busy host gives none. */
const answerWithinMs = 10_000;

/**
 * What one look at the host has shown. `absent`: nobody listens at its address, or somebody else does. The kernel closes what a
 * process listens at when that ends, and not before: there is no such word from one that lives.
 */
type Look = "ended" | "absent" | "unclear";

export function startHostLink({ host, onGone, onBack, log }: HostLinkOptions): HostLink {
  const { url, token, instanceId } = host;
  const ending = new AbortController();
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  let last: Promise<unknown> = Promise.resolve();
  let wasReached = false;
  let isGone = false;

  const reached = () => {
    wasReached = true;
    if (!isGone) return;
    isGone = false;
    log.info("the session's host answers again");
    onBack();
  };
  /** Resolves when the connection that the host holds open has ended, or there is none. */
  const look = async (): Promise<Look> => {
    const answering = new AbortController();
    const timer = setTimeout(() => answering.abort(), answerWithinMs);
    try {
      const signal = AbortSignal.any([ending.signal, answering.signal]);
      const response = await directFetch(url + listenerPaths.alive, { headers, signal });
      clearTimeout(timer);
      if (response.headers.get(instanceHeader) !== instanceId) {
        await response.body?.cancel();
        return "absent";
      }
      reached();
      for await (const _ of response.body ?? []) {
        // nothing is said on it but that it lives
      }
      return "ended";
    } catch (error) {
      log.debug(`the session's host: ${messageOf(error)}`);
      return isRefused(error) ? "absent" : "unclear";
    } finally {
      clearTimeout(timer);
    }
  };
  const watch = async () => {
    let absences = 0;
    while (!ending.signal.aborted) {
      const seen = await look();
      absences = seen === "absent" ? absences + 1 : 0;
      if (wasReached && !isGone && absences === 2 && !ending.signal.aborted) {
        isGone = true;
        log.info("the session's host has ended");
        onGone();
      }
      // The first look after its end comes at once.
      if (seen !== "ended") await pause(lookAgainMs, ending.signal);
    }
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

/** Bun's `node:http` and Node's own name it differently. */
function isRefused(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ECONNREFUSED" || code === "ConnectionRefused";
}
