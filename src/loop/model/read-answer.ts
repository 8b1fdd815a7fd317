// Reads one streamed answer of a chat completion. It knows the wire and its deviations; it decides nothing.
import { createParser } from "eventsource-parser";
import * as v from "valibot";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import { failureOf, NotNow } from "./model-failure.ts";
import { createThoughtSplitter } from "./thought-splitter.ts";

export interface RawCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote them: perhaps not JSON. */
  readonly arguments: string;
}

export interface AnswerUsage {
  readonly promptTokens: number;
  readonly answerTokens: number;
  /** The part of `promptTokens` that the server had in its cache. */
  readonly cachedTokens: number;
  /** Tokens of the answer a second, if the server tells. */
  readonly tokensPerS?: number | undefined;
}

export interface ModelAnswer {
  /** Without what the model thought. */
  readonly text: string;
  readonly calls: readonly RawCall[];
  /** Whether the answer was cut off, because it has as many tokens as it may have. */
  readonly isCutOff: boolean;
  readonly usage: AnswerUsage | undefined;
}

/** Takes the answer as it comes. */
export interface AnswerListener {
  readonly onText: (text: string) => void;
  readonly onThought: (text: string) => void;
}

const CallPieceSchema = v.looseObject({
  index: v.optional(v.number()),
  id: v.nullish(v.string()),
  function: v.optional(v.looseObject({ name: v.nullish(v.string()), arguments: v.nullish(v.string()) })),
});
const DeltaSchema = v.looseObject({
  content: v.nullish(v.string()),
  /** llama.cpp, vLLM. */
  reasoning_content: v.nullish(v.string()),
  /** Ollama, newer vLLM. */
  reasoning: v.nullish(v.string()),
  tool_calls: v.nullish(v.array(CallPieceSchema)),
});
const ChunkSchema = v.looseObject({
  error: v.optional(v.unknown()),
  choices: v.optional(
    v.array(v.looseObject({ delta: v.optional(DeltaSchema), finish_reason: v.nullish(v.string()) })),
  ),
  usage: v.nullish(
    v.looseObject({
      prompt_tokens: v.number(),
      completion_tokens: v.optional(v.number(), 0),
      prompt_tokens_details: v.nullish(v.looseObject({ cached_tokens: v.nullish(v.number()) })),
    }),
  ),
  timings: v.optional(v.looseObject({ predicted_per_second: v.optional(v.number()) })),
});
/** No answer of use is longer. A server that does not keep to `max_tokens` would fill the memory. */
const mostCharacters = 1_000_000;

type Chunk = v.InferOutput<typeof ChunkSchema>;
type CallPiece = v.InferOutput<typeof CallPieceSchema>;

export interface AnswerFrom {
  /** The server's address, for errors. */
  readonly url: string;
  /** Whether `<think>` in the text begins a thought. In a forced call it does not: there it is part of an argument. */
  readonly hasThoughts: boolean;
  /** Called when a part of the answer has come. */
  readonly onChunk?: () => void;
}

/**
 * @throws NotNow if the stream ends without a `finish_reason`, because then the server has gone; what the socket throws; the error of
 * `failureOf` if the server sends an error in the stream; CliaiError `failed` if the answer has more than `mostCharacters`
 */
export async function readAnswer(
  body: AsyncIterable<Uint8Array>,
  { url, hasThoughts, onChunk = () => undefined }: AnswerFrom,
  listener: AnswerListener,
): Promise<ModelAnswer> {
  const calls = createCallAssembler();
  const said: string[] = [];
  const onText = (text: string) => {
    said.push(text);
    listener.onText(text);
  };
  const splitter = createThoughtSplitter({ onText, onThought: listener.onThought });
  let characters = 0;
  let finish: string | undefined;
  let usage: AnswerUsage | undefined;
  const take = (chunk: Chunk) => {
    if (chunk.error !== undefined) throw failureOf(500, JSON.stringify(chunk), url);
    usage = usageOf(chunk) ?? usage;
    for (const { delta = {}, finish_reason } of chunk.choices ?? []) {
      characters += JSON.stringify(delta).length;
      if (characters > mostCharacters) throw endless(url);
      const thought = delta.reasoning_content ?? delta.reasoning;
      if (thought) listener.onThought(thought);
      if (delta.content) (hasThoughts ? splitter.push : onText)(delta.content);
      for (const piece of delta.tool_calls ?? []) calls.push(piece);
      finish = finish_reason ?? finish;
    }
  };
  const decoder = new TextDecoder();
  const parser = createParser({
    maxBufferSize: mostCharacters,
    onError({ type }) {
      if (type === "max-buffer-size-exceeded") throw endless(url);
    },
    onEvent({ data }) {
      onChunk();
      const chunk = v.safeParse(ChunkSchema, parseJsonLine(data));
      if (chunk.success) take(chunk.output); // else `[DONE]`, or an event that is no chunk
    },
  });
  for await (const bytes of body) parser.feed(decoder.decode(bytes, { stream: true }));
  if (finish === undefined) throw new NotNow("away", "it went away in the middle of an answer");
  splitter.end();
  return { text: said.join("").trim(), calls: calls.all(), isCutOff: finish === "length", usage };
}

function endless(url: string): CliaiError {
  return new CliaiError(
    "failed",
    `the model server at ${url} does not end its answer, which has more than ${mostCharacters} characters`,
    { hint: "look into its log: it does not keep to max_tokens" },
  );
}

function usageOf({ usage, timings }: Chunk): AnswerUsage | undefined {
  if (!usage) return undefined;
  const { prompt_tokens, completion_tokens, prompt_tokens_details: details } = usage;
  return {
    promptTokens: prompt_tokens,
    answerTokens: completion_tokens,
    cachedTokens: details?.cached_tokens ?? 0,
    tokensPerS: timings?.predicted_per_second,
  };
}

interface CallAssembler {
  push(piece: CallPiece): void;
  all(): RawCall[];
}

/**
 * Puts the pieces of calls together. llama.cpp sends a call in many pieces with the same index, and its id in the first one. Ollama sends
 * each call in one piece, and some of its releases give every call the index 0. So another id always begins another call.
 */
function createCallAssembler(): CallAssembler {
  const calls: { id: string; name: string; arguments: string; index: number }[] = [];
  return {
    push({ index, id, function: { name, arguments: args } = {} }) {
      const last = calls.findLast((call) => call.index === (index ?? call.index));
      const isNext = last === undefined || (id != null && id !== "" && id !== last.id);
      const call = isNext ? { id: id ?? "", name: "", arguments: "", index: index ?? calls.length } : last;
      if (isNext) calls.push(call);
      call.name += name ?? "";
      call.arguments += args ?? "";
    },
    all: () =>
      calls.map(({ id, name, arguments: args }) => ({
        id: id || `call_${crypto.randomUUID().slice(0, 8)}`,
        name,
        arguments: args,
      })),
  };
}
