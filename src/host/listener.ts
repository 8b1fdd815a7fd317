// The HTTP handler by which the agent's CLI and the bridge reach the host: on loopback, behind a token that only files of this
// user contain. This is a `fetch` handler; `src/cli/spawn/session-host/session-host.ts` opens the socket.

import { type BridgeNews, BridgeNewsSchema, instanceHeader } from "../agent-link/host-protocol.ts";
import { listenerPaths } from "../agent-link/listener-paths.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { createJsonCut } from "../domain/text/json-cut.ts";
import { checkMessage, parseJson } from "../domain/wire/decode.ts";
import type { Logger } from "../log.ts";
import { isSameSecret } from "../same-secret.ts";

export interface ListenerOptions {
  readonly token: string;
  /** This run of the agent. */
  readonly instanceId: string;
  /** Answers a hook of the CLI; may take as long as the CLI waits. */
  readonly onHook: (payload: unknown, signal: AbortSignal) => Promise<unknown>;
  readonly onTelemetry: (payload: unknown) => void;
  readonly onBridge: (news: BridgeNews) => void;
  /** Called with true for each bridge that begins to watch the host (the CLI may start several); with false when the last one has gone. */
  readonly onBridgeLink: (isUp: boolean) => void;
  readonly log: Logger;
}

export function createListener(options: ListenerOptions): (request: Request) => Promise<Response> {
  const { token, instanceId, onHook, onTelemetry, onBridge, onBridgeLink, log } = options;
  let watching = 0;
  const onAlive = (isUp: boolean) => {
    watching += isUp ? 1 : -1;
    if (isUp || watching === 0) onBridgeLink(isUp);
  };
  const handle = async (request: Request): Promise<Response> => {
    if (!isSameSecret(request.headers.get("authorization") ?? "", `Bearer ${token}`)) {
      return Response.json({ error: "not for you" }, { status: 401 });
    }
    const { pathname } = new URL(request.url);
    if (pathname === listenerPaths.alive) return aliveStream(request, instanceId, onAlive);
    const body = parseJson(await readBody(request));
    if (pathname === listenerPaths.hook) return Response.json((await onHook(body, request.signal)) ?? {});
    if (pathname === listenerPaths.telemetry) onTelemetry(body);
    else if (pathname === listenerPaths.bridge) onBridge(checkMessage(BridgeNewsSchema, body));
    else return Response.json({ error: "not found" }, { status: 404 });
    return Response.json({});
  };
  return async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      log.warn(`the session's listener: ${messageOf(error)}`);
      const status = error instanceof CliaiError && error.code === "message_invalid" ? 400 : 500;
      // The CLI treats an error status as a hook without an answer, so the agent goes on.
      return Response.json({ error: messageOf(error) }, { status });
    }
  };
}

/** The long strings of a larger body are cut. `mostKept` is the limit after that, in characters. */
const largeBytes = 8 * 1_024 ** 2;
const mostKept = 64 * 1_024 ** 2;

/**
 * Replaces bytes that are not UTF-8, and cuts long strings of a large body, so that the event is reported all the same.
 * @throws CliaiError `payload_too_large` if the body is still too large
 */
async function readBody(request: Request): Promise<string> {
  const isLarge = !(Number(request.headers.get("content-length") ?? Number.NaN) <= largeBytes);
  const cut = isLarge ? createJsonCut() : (piece: Uint8Array) => piece;
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of request.body ?? []) {
    text += decoder.decode(cut(chunk), { stream: true });
    if (text.length > mostKept) {
      throw new CliaiError(
        "payload_too_large",
        "the body of a hook is too large, even with its long strings cut",
      );
    }
  }
  return text + decoder.decode();
}

/** Bun 1.4.5 ends a fetch after some minutes without data. */
const sayAliveEveryMs = 30_000;

/** Stays open as long as the bridge and the host live. Its end tells each side that the other has ended. */
function aliveStream(request: Request, instanceId: string, onBridgeLink: (isUp: boolean) => void): Response {
  let timer: ReturnType<typeof setInterval> | undefined;
  const end = () => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    onBridgeLink(false);
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const say = () => controller.enqueue(new TextEncoder().encode(": alive\n\n"));
      timer = setInterval(say, sayAliveEveryMs);
      say();
      onBridgeLink(true);
      if (request.signal.aborted) end();
      else request.signal.addEventListener("abort", end, { once: true });
    },
    // Without this, the next `say` on the stream that nobody reads would throw, and end the host.
    cancel: end,
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", [instanceHeader]: instanceId },
  });
}
