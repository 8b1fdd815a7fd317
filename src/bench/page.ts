// An open page of the dashboard: reads its event stream, and notes when an awaited text comes.
import type { MeasuredServe } from "./serve.ts";

export interface OpenPage extends AsyncDisposable {
  /** Resolves to the time at which the text came, by performance.now(). */
  awaitText(text: string): Promise<number>;
  /** How many bytes have come so far. */
  bytes(): number;
}

/** Opens the stream of the fleet page with its table. Resolves when the first state begins to come. */
export async function openFleetPage(serve: MeasuredServe): Promise<OpenPage> {
  const ending = new AbortController();
  const response = await serve.fetch("/events?layout=table", { signal: ending.signal });
  const body = response.body;
  if (!response.ok || body === null) throw new Error(`no event stream: ${response.status}`);
  const waiting = new Map<string, (atMs: number) => void>();
  let bytes = 0;
  let rest = "";
  const first = Promise.withResolvers<void>();
  const take = (text: string) => {
    first.resolve();
    // A text may be split between two chunks, so search in the end of the last one, too.
    const seen = rest + text;
    for (const [wanted, resolve] of waiting) {
      if (!seen.includes(wanted)) continue;
      waiting.delete(wanted);
      resolve(performance.now());
    }
    rest = seen.slice(-200);
  };
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      bytes += chunk.length;
      take(decoder.decode(chunk, { stream: true }));
    }
  })().catch(() => undefined); // aborted at the end, or lost: then an awaited text runs into its deadline
  await first.promise;
  return {
    bytes: () => bytes,
    awaitText: (text) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      waiting.set(text, resolve);
      return promise;
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await reading;
    },
  };
}
