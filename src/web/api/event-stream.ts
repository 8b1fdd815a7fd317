// One server-sent event stream: asks its source for more only when the client has taken what came before.
// Knows nothing of what it carries.
import { pause } from "../../waiting.ts";

export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
}

export interface StreamSource {
  /** All there is to tell now, in one go; empty when there is nothing. */
  next(): readonly StreamEvent[];
  /** Calls back when there may be something; returns the way to stop that. */
  watch(wake: () => void): () => void;
}

export interface StreamOptions {
  /** The client has gone when it aborts. */
  readonly signal: AbortSignal;
  /** Calls back when the client may see no more; returns the way to stop that. */
  readonly onVoid?: ((end: () => void) => () => void) | undefined;
  /** Least time between two writes: what changes in between goes out together. */
  readonly minGapMs: number;
  /** Text sent when all is quiet, so that both ends notice a dead connection. */
  readonly keepAlive: string;
}

/** How often the source is asked without a wake: some of what it tells has no event of its own. */
const lookEveryMs = 1_000;
const keepAliveEveryMs = 10_000;
/** How soon a browser asks again after a loss. */
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
  signal.addEventListener("abort", end, { once: true });

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // Not before: the answer to a HEAD request is never read, nor cancelled.
        stopWatching ??= source.watch(() => wake());
        forgetVoid ??= onVoid?.(end);
        while (!isOver) {
          const gapLeftMs = writtenAt + minGapMs - performance.now();
          if (gapLeftMs > 0) {
            await rest(gapLeftMs);
            continue;
          }
          text += source.next().map(formatEvent).join("");
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
    // No chunk is made before the client has room for it.
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" },
  });
}

function formatEvent({ event, data, id }: StreamEvent): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
