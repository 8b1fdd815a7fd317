// Sends one stream of server-sent events. It asks its source for more only when the client has read what came before. It does
// not depend on what the events are about.
import { pause } from "../../waiting.ts";

export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
}

export interface StreamSource {
  /** All events that are due now; empty if there are none. */
  next(): readonly StreamEvent[];
  /** Calls `wake` when there may be events; urgent ones need not wait for the next write. Returns the function that ends that. */
  watch(wake: (isUrgent?: boolean) => void): () => void;
}

export interface StreamOptions {
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /** Calls `end` when the client may no longer see anything. Returns the function that stops that. */
  readonly onVoid?: ((end: () => void) => () => void) | undefined;
  /** The shortest time between two writes. Changes in between are sent together. As often again, an urgent event is written at once. */
  readonly minGapMs: number;
  /** The text to send when there is nothing else, so that both ends notice a dead connection. */
  readonly keepAlive: string;
}

/** How often the source is asked without a wake, because some changes wake nobody. */
const lookEveryMs = 1_000;
const keepAliveEveryMs = 10_000;
/** How soon a browser connects again after a loss. */
const retryMs = 1_000;

export function eventStream(source: StreamSource, options: StreamOptions): Response {
  const { signal, onVoid, minGapMs, keepAlive } = options;
  const encoder = new TextEncoder();
  let wake = () => {};
  let stopWatching: (() => void) | undefined;
  let forgetVoid: (() => void) | undefined;
  let isOver = false;
  let isCancelled = false;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let hurriedAt = Number.NEGATIVE_INFINITY;
  let isUrgent = false;
  let text = `retry: ${retryMs}\n\n`;
  const end = () => {
    if (isOver) return;
    isOver = true;
    stopWatching?.();
    forgetVoid?.();
    wake();
  };
  const rest = async (ms: number) => {
    const waking = new AbortController();
    wake = () => waking.abort();
    await pause(ms, waking.signal);
  };
  /** If the source fails, the stream fails, and nobody calls its `cancel` any more. */
  const nextEvents = () => {
    try {
      return source.next().map(formatEvent).join("");
    } catch (error) {
      end();
      throw error;
    }
  };
  signal.addEventListener("abort", end, { once: true });

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // Watch only when the body is read: the body of an answer to HEAD is never read or cancelled, so the watch would never end.
        stopWatching ??= source.watch((isAtOnce = false) => {
          isUrgent ||= isAtOnce;
          wake();
        });
        forgetVoid ??= onVoid?.(end);
        while (!isOver) {
          const gapLeftMs =
            (isUrgent ? Math.min(writtenAt, hurriedAt) : writtenAt) + minGapMs - performance.now();
          if (gapLeftMs > 0) {
            await rest(gapLeftMs);
            continue;
          }
          if (isUrgent && performance.now() - writtenAt < minGapMs) hurriedAt = performance.now();
          isUrgent = false;
          text += nextEvents();
          if (text === "" && performance.now() - writtenAt >= keepAliveEveryMs) text = keepAlive;
          if (text !== "") break;
          await rest(lookEveryMs);
        }
        if (isCancelled) return;
        if (isOver) return controller.close();
        controller.enqueue(encoder.encode(text));
        writtenAt = performance.now();
        text = "";
      },
      cancel() {
        isCancelled = true;
        end();
      },
    },
    // So that no chunk is made before the client asks for it.
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" },
  });
}

function formatEvent({ event, data, id }: StreamEvent): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
