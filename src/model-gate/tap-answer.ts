// Reads an answer's figures while it passes to the client, and tells whether the server has ended it or the client has gone.
import { type AnswerFigures, createFigureReader } from "./answer-figures.ts";
import { createProgressFilter, type PromptProgress } from "./prompt-progress.ts";

export interface TapOptions {
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /** The server has ended its answer, or has gone in the middle of it. */
  readonly onEnd: (figures?: AnswerFigures) => void;
  /** The client does not want the rest. */
  readonly onCancel: () => void;
  /** The first bytes of the answer itself have come. */
  readonly onFirst: () => void;
  /** Set if the server was asked for the progress of the prompt. */
  readonly onProgress: ((progress: PromptProgress) => void) | undefined;
}

/** The same answer. Its body fails where the server's fails. */
export function tapAnswer(answer: Response, options: TapOptions): Response {
  const { signal, onEnd, onCancel, onFirst, onProgress } = options;
  const { status, headers, body } = answer;
  if (body === null) {
    onEnd();
    return answer;
  }
  const source = body.getReader();
  const figures = createFigureReader();
  const filter = onProgress && isEventStream(answer) ? createProgressFilter(onProgress) : undefined;
  let firstMs: number | undefined;
  /** Resolves with the next bytes for the client; undefined after the last ones. */
  const next = async (): Promise<Uint8Array | undefined> => {
    for (;;) {
      const { done, value } = await source.read();
      if (!done) figures.push(value);
      const bytes = done ? filter?.rest() : (filter?.push(value) ?? value);
      if (bytes !== undefined && bytes.length > 0) return bytes;
      if (done) return undefined;
    }
  };
  signal.addEventListener("abort", onCancel, { once: true });
  const tapped = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const bytes = await next();
        if (bytes === undefined) {
          onEnd(figures.end(firstMs === undefined ? 0 : performance.now() - firstMs));
          controller.close();
          return;
        }
        if (firstMs === undefined && filter?.isOver() !== false) {
          onFirst();
          firstMs = performance.now();
        }
        controller.enqueue(bytes);
      } catch {
        if (signal.aborted) onCancel();
        else onEnd();
        // Without a reason, because Bun 1.4.5 prints it. The client sees that the answer was cut off.
        controller.error();
      }
    },
    async cancel(reason) {
      onCancel();
      await source.cancel(reason);
    },
  });
  return new Response(tapped, { status, headers });
}

function isEventStream({ status, headers }: Response): boolean {
  return status === 200 && (headers.get("content-type") ?? "").startsWith("text/event-stream");
}
