// A model server of a test, as slow as the test says. It tells its slots as llama.cpp does, and works on as many requests at once as it has slots.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { type LoopbackServer, startLoopbackServer } from "./loopback-server.ts";

export interface SlowModelServer extends LoopbackServer {
  /** The bodies of all model requests, in the order in which they came. */
  readonly bodies: readonly Record<string, unknown>[];
  /** The headers of the last model request. */
  readonly headers: () => IncomingMessage["headers"];
  /** How many requests it has had at the same time. */
  readonly most: () => number;
  /** How many requests it has answered in whole. */
  readonly answered: () => number;
  /** How many requests had their prompt in the cache. */
  readonly hits: () => number;
  /** Ends the batch that a cancelled request has left. */
  endBatch(): void;
  /** Lets it answer, if it `isHeld`. */
  letAnswer(): void;
}

export interface SlowModelServerOptions {
  readonly slots?: number;
  /** How long an answer takes. */
  readonly answerMs?: number;
  /** Whether a cancelled request still occupies its slot, until `endBatch` is called. */
  readonly leavesBatch?: boolean;
  /** Whether its slots show the requests that it works on, as those of llama.cpp do. Default true. */
  readonly showsWork?: boolean;
  /** Whether it tells what llama.cpp tells. Default true. */
  readonly isLlama?: boolean;
  /** How much longer an answer takes if the request before was another agent's (`user`), so that the prompt is not in the cache. */
  readonly rereadMs?: number;
  /** How long it reads a prompt before its first word. It tells its progress at the beginning and in the middle, if it is asked to. */
  readonly promptMs?: number;
  /** Whether no answer ends before `letAnswer` is called. */
  readonly isHeld?: boolean;
}

const promptTokens = 200;

function progressEvent(processed: number): string {
  const choices = [{ delta: { role: "assistant", content: null } }];
  const prompt_progress = { processed, total: promptTokens };
  return `data: ${JSON.stringify({ choices, prompt_progress })}\n\n`;
}

export async function startSlowModelServer({
  slots = 1,
  answerMs = 50,
  leavesBatch = false,
  showsWork = true,
  isLlama = true,
  rereadMs = 0,
  promptMs = 0,
  isHeld = false,
}: SlowModelServerOptions = {}): Promise<SlowModelServer> {
  const bodies: Record<string, unknown>[] = [];
  let headers: IncomingMessage["headers"] = {};
  let working = 0;
  let most = 0;
  let answered = 0;
  let batch = 0;
  let hits = 0;
  let lastUser: unknown;
  const queue: (() => void)[] = [];
  const mayAnswer = Promise.withResolvers<void>();
  if (!isHeld) mayAnswer.resolve();
  const json = (response: ServerResponse, status: number, body: unknown) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const slotsNow = () => {
    const busy = batch + (showsWork ? working : 0);
    return Array.from({ length: slots }, (_, id) => ({ id, id_task: batch, is_processing: id < busy }));
  };
  const work = async (response: ServerResponse, { user, return_progress }: Record<string, unknown>) => {
    if (working >= slots) await new Promise<void>((resolve) => queue.push(resolve));
    working += 1;
    const isWarm = user === lastUser;
    lastUser = user;
    if (isWarm) hits += 1;
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const read of promptMs > 0 ? [0, promptTokens / 2] : []) {
        if (return_progress === true) response.write(progressEvent(read));
        await delay(promptMs / 2, undefined, { signal: gone.signal });
      }
      response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: "Hello" } }] })}\n\n`);
      await delay(answerMs + (isWarm ? 0 : rereadMs), undefined, { signal: gone.signal });
      await mayAnswer.promise;
      const usage = {
        prompt_tokens: promptTokens,
        completion_tokens: 20,
        prompt_tokens_details: { cached_tokens: 150 },
      };
      const timings = {
        ...(rereadMs > 0 && {
          prompt_n: isWarm ? 1 : promptTokens,
          prompt_per_second: isWarm ? 0.9 : (promptTokens / rereadMs) * 1_000,
        }),
        predicted_per_second: 42.04,
      };
      response.write(
        `data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }], usage, timings })}\n\n`,
      );
      response.end("data: [DONE]\n\n");
      answered += 1;
    } catch {
      if (leavesBatch) batch += 1; // the client has hung up
    } finally {
      working -= 1;
      queue.shift()?.();
    }
  };
  const server = await startLoopbackServer(async (request, response) => {
    const call = `${request.method} ${request.url}`;
    if (call === "GET /props" && isLlama)
      return json(response, 200, { default_generation_settings: { n_ctx: 4_096 }, total_slots: slots });
    if (call === "GET /slots" && isLlama) return json(response, 200, slotsNow());
    if (call === "GET /v1/models") return json(response, 200, { data: [{ id: "tiny" }] });
    if (call !== "POST /v1/chat/completions")
      return json(response, 404, { error: { message: `no ${call}` } });
    headers = request.headers;
    bodies.push(JSON.parse(await readText(request)));
    most = Math.max(most, working + queue.length + 1);
    await work(response, bodies.at(-1) ?? {});
  });
  return {
    url: server.url,
    bodies,
    headers: () => headers,
    most: () => most,
    answered: () => answered,
    hits: () => hits,
    endBatch() {
      batch = 0;
    },
    letAnswer: mayAnswer.resolve,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
