// The bridge's connection to its host (`src/host/listener.ts`). It tells the host what only the bridge hears, and notices when the
// host is gone, so that the bridge can take its place.
import { type BridgeNews, instanceHeader } from "../agent-link/host-protocol.ts";
import { listenerPaths } from "../agent-link/listener-paths.ts";
import { directFetch } from "../direct-fetch.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import { pause } from "../waiting.ts";

/** The address of the host, and the run to which host and bridge belong. */
export interface HostAddress {
  readonly url: string;
  readonly token: string;
  readonly instanceId: string;
}

export interface HostLink {
  /** Sends news to the host, in order. A failure is only logged, because `onGone` tells when the host has ended. */
  tell(news: BridgeNews): void;
  stop(): void;
}

export interface HostLinkOptions {
  readonly host: HostAddress;
  /**
   * Called when the host's process has ended: the connection that it held open has ended, and two tries found nobody listening at its
   * address. Not called for a host that was never reached, or that does not answer.
   */
  readonly onGone: () => void;
  /** Called when the host answers again after `onGone`. */
  readonly onBack: () => void;
  readonly log: Logger;
}

const tellWithinMs = 5_000;
/** The pause between two looks. Not shorter, because a host usually ends with its CLI, and then this bridge ends too. */
const lookAgainMs = 1_500;
/** How long to wait for the beginning of an answer. A suspended or very busy host gives none. */
const answerWithinMs = 10_000;

/**
 * What one look at the host has shown. `ended`: the open connection has ended. `absent`: nobody listens at its address, or another
 * program does. That proves that the host has ended, because the kernel closes a process's sockets only then. `unclear`: anything else.
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
        // the host only sends signs of life on it
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
      // When the connection has ended, look again at once.
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

/** Whether nobody listens at the address. Bun's `node:http` and Node's use different codes. */
function isRefused(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ECONNREFUSED" || code === "ConnectionRefused";
}
