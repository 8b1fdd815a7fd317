// Reads an answer's figures while it passes, and tells how its way has ended.
import { type AnswerFigures, createFigureReader } from "./answer-figures.ts";

export interface TapOptions {
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /** The server has ended its answer, or has gone in the middle of it. */
  readonly onEnd: (figures?: AnswerFigures) => void;
  /** The client does not want the rest. */
  readonly onCancel: () => void;
}

/** The same answer. Its body fails where the server's fails. */
export function tapAnswer(answer: Response, { signal, onEnd, onCancel }: TapOptions): Response {
  const { status, headers, body } = answer;
  if (body === null) {
    onEnd();
    return answer;
  }
  const source = body.getReader();
  const figures = createFigureReader();
  let firstMs: number | undefined;
  signal.addEventListener("abort", onCancel, { once: true });
  const tapped = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await source.read();
        if (done) {
          onEnd(figures.end(firstMs === undefined ? 0 : performance.now() - firstMs));
          controller.close();
          return;
        }
        firstMs ??= performance.now();
        figures.push(value);
        controller.enqueue(value);
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
