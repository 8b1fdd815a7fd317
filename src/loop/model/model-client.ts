// This room talks to a model server: what it is, its answers, and what to do where it deviates.
//
// Asks a model server for the next answer of a conversation, and waits while the server is away, loads its model or serves others.
import { directFetch } from "../../direct-fetch.ts";
import { askedBaseOf, baseOf, type ModelServerSettings } from "../../domain/model-server.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { headersFor, requireServersAnswer } from "./ask-json.ts";
import { buildChatRequest, type ChatRequest, type ModelRequest } from "./chat-request.ts";
import type { AnswerListener, ModelAnswer } from "./model-answer.ts";
import {
  loadIntoOllama,
  type ModelFacts,
  noToolsError,
  readLoadedContext,
  readModelFacts,
  smallerContext,
} from "./model-facts.ts";
import { awayOf, failureOf, NoTools, NotNow, TooLong } from "./model-failure.ts";
import { patiently } from "./patience.ts";

export interface ModelListener extends AnswerListener {
  /** The server cannot answer now, and is asked again. The part of this answer that has come does not count any more. */
  readonly onWait: (why: string) => void;
}

export interface ModelClient {
  /** What the server told of itself; asked for once. @throws CliaiError, or the signal's reason */
  facts(signal: AbortSignal, onWait: (why: string) => void): Promise<ModelFacts>;
  /**
   * The same, with the context of Ollama: has Ollama load the model, because it tells the context only then. Without it, an answer would have
   * no bound that fits, and a small model whose answer is forced into a call may write for as long as it may.
   * @throws CliaiError if the model cannot be loaded, or the signal's reason
   */
  loadedFacts(signal: AbortSignal, onWait: (why: string) => void): Promise<ModelFacts>;
  /**
   * @throws TooLong if the conversation does not fit; NoTools if the server has refused tools, after which `facts` tells the form `schema`;
   * CliaiError for what a person has to mend; the signal's reason once it aborts. An abort closes the connection, which ends the server's work
   * on the request: at once while it writes, after the present batch while it reads the prompt.
   */
  ask(request: ModelRequest, signal: AbortSignal, listener: ModelListener): Promise<ModelAnswer>;
}

export interface ClientPatience {
  /** How long a server that has not answered yet may be away. */
  readonly firstMs: number;
  /** How long a server that has answered before may be away, for example while somebody restarts it. */
  readonly awayMs: number;
  readonly busyMs: number;
  /**
   * How long a server may send nothing, before its answer and within it. While it works on other requests, it sends not even headers. A whole
   * answer may take longer than this, for example on a machine without a GPU.
   */
  readonly silentMs: number;
}

export const usualPatience: ClientPatience = {
  ...{ firstMs: 10_000, awayMs: 60_000, busyMs: 600_000, silentMs: 1_800_000 },
};

export function createModelClient(
  settings: ModelServerSettings,
  patience: ClientPatience = usualPatience,
): ModelClient {
  const url = baseOf(settings);
  let known: ModelFacts | undefined;
  let isLoaded = false;
  const patienceFor = (signal: AbortSignal, onWait: (why: string) => void) => {
    const awayMs = known === undefined ? patience.firstMs : patience.awayMs;
    return { url, signal, awayMs, busyMs: patience.busyMs, onWait };
  };

  async function facts(signal: AbortSignal, onWait: (why: string) => void): Promise<ModelFacts> {
    known ??= await patiently(() => readModelFacts(settings, signal), patienceFor(signal, onWait));
    return known;
  }

  /** Ollama tells its context only once the model is loaded, which its first answer shows. */
  async function learnContext(signal: AbortSignal): Promise<void> {
    if (known?.kind !== "ollama") return;
    const used = { signal, isInUse: true };
    const loaded = await readLoadedContext(settings, known.model, used).catch(() => undefined); // it is not worth losing the answer
    known = { ...known, context: smallerContext(known.context, loaded) };
  }

  /** Ollama refuses a prompt that is too long without figures. */
  async function withLimit(error: TooLong, signal: AbortSignal): Promise<TooLong> {
    await learnContext(signal);
    signal.throwIfAborted();
    return known?.kind === "ollama" && error.limit === undefined
      ? new TooLong(error.message, { tokens: error.tokens, limit: known.context })
      : error;
  }

  async function loadedFacts(signal: AbortSignal, onWait: (why: string) => void): Promise<ModelFacts> {
    const told = await facts(signal, onWait);
    if (told.kind !== "ollama" || isLoaded) return told;
    await patiently(() => loadIntoOllama(settings, told.model, signal), patienceFor(signal, onWait));
    isLoaded = true;
    await learnContext(signal);
    return known ?? told;
  }

  return {
    ...{ facts, loadedFacts },
    async ask(request, signal, listener) {
      const told = await facts(signal, listener.onWait);
      const chat = buildChatRequest(request, told, settings);
      const how = { signal, listener, hasThoughts: told.calls === "native", silentMs: patience.silentMs };
      const send = () => askOnce(settings, chat, how);
      try {
        const answer = await patiently(send, patienceFor(signal, listener.onWait));
        await learnContext(signal);
        return answer;
      } catch (error) {
        if (error instanceof TooLong) throw await withLimit(error, signal);
        if (!(error instanceof NoTools) || known === undefined) throw error;
        if (settings.calls === "native") throw noToolsError(error);
        known = { ...known, calls: "schema" };
        throw error;
      }
    },
  };
}

interface AskedOnce {
  readonly signal: AbortSignal;
  readonly listener: AnswerListener;
  readonly hasThoughts: boolean;
  readonly silentMs: number;
}

async function askOnce(
  settings: ModelServerSettings,
  { path, body, read }: ChatRequest,
  { signal, listener, hasThoughts, silentMs }: AskedOnce,
): Promise<ModelAnswer> {
  const url = baseOf(settings);
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), silentMs);
  const request = {
    method: "POST",
    headers: headersFor(settings),
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, silence.signal]),
  };
  try {
    const response = await directFetch(askedBaseOf(settings) + path, request);
    requireServersAnswer(response);
    if (!response.ok || response.body === null) throw failureOf(response.status, await response.text(), url);
    return await read(response.body, { url, hasThoughts, onChunk: () => timer.refresh() }, listener);
  } catch (error) {
    signal.throwIfAborted();
    if (silence.signal.aborted) throw new NotNow("away", `not a word within ${silentMs / 60_000} minutes`);
    throw isOfSocket(error) ? awayOf(error) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Errors of sockets have a code such as ECONNRESET, and those of a body that was cut off say so in words. */
function isOfSocket(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof CliaiError) return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined
    ? /\b(socket|terminated|aborted|premature)/i.test(error.message)
    : /^[A-Z_]+$/.test(code);
}
