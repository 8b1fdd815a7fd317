// This room measures the queue before a model server: a scripted server with one slot, and agents that ask it with and without the queue.
//
// A model server that works on one request at a time, in the order in which they come, as llama.cpp with one slot does. It reads the prompt,
// unless the request before came from the same agent, and then writes an answer. Both take a fixed time.
import { loopback } from "../../domain/wire/own-address.ts";
import { serveHttp } from "../../runtime.ts";
import { pause } from "../../waiting.ts";

export interface ScriptedWork {
  /** How long it reads a prompt that it does not have in its cache. */
  readonly promptMs: number;
  /** How long it writes an answer. */
  readonly answerMs: number;
}

export interface ScriptedModelServer extends AsyncDisposable {
  readonly url: string;
  /** How many requests had their prompt in the cache since the last call of this function. */
  takeHits(): number;
}

const promptTokens = 4_000;

export async function startScriptedModelServer({
  promptMs,
  answerMs,
}: ScriptedWork): Promise<ScriptedModelServer> {
  let last = Promise.resolve();
  let cached: unknown;
  let hits = 0;
  const work = async (agent: unknown) => {
    const isWarm = agent === cached;
    cached = agent;
    if (isWarm) hits += 1;
    await pause(answerMs + (isWarm ? 0 : promptMs));
    return isWarm;
  };
  const answer = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === "/props") return Response.json({ default_generation_settings: {}, total_slots: 1 });
    if (pathname !== "/v1/chat/completions") return new Response(null, { status: 404 });
    const { user } = (await request.json()) as { readonly user?: unknown };
    const done = last.then(() => work(user));
    last = done.then(() => undefined);
    const isWarm = await done;
    return Response.json({
      choices: [{ message: { role: "assistant", content: "done" }, finish_reason: "stop" }],
      usage: { prompt_tokens: promptTokens, completion_tokens: 20 },
      timings: {
        ...{ prompt_n: isWarm ? 1 : promptTokens, cache_n: isWarm ? promptTokens - 1 : 0 },
        prompt_per_second: promptMs > 0 && !isWarm ? (promptTokens / promptMs) * 1_000 : 0,
      },
    });
  };
  const http = await serveHttp({ host: loopback, port: 0, fetch: answer, requestWithinS: 0 });
  return {
    url: `http://${loopback}:${http.port}`,
    takeHits() {
      const taken = hits;
      hits = 0;
      return taken;
    },
    [Symbol.asyncDispose]: () => http.stop(),
  };
}
