// Reads one streamed answer of a chat completion in the form of the OpenAI API. It knows the wire and its deviations; it decides nothing.
import { createParser } from "eventsource-parser";
import * as v from "valibot";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import {
  type AnswerFrom,
  type AnswerListener,
  type AnswerUsage,
  createAnswerBuilder,
  endless,
  type ModelAnswer,
  mostCharacters,
} from "./model-answer.ts";
import { failureOf, NotNow } from "./model-failure.ts";

const CallPieceSchema = v.looseObject({
  index: v.optional(v.number()),
  id: v.nullish(v.string()),
  function: v.optional(v.looseObject({ name: v.nullish(v.string()), arguments: v.nullish(v.string()) })),
});
const DeltaSchema = v.looseObject({
  content: v.nullish(v.string()),
  /** llama.cpp, vLLM. */
  reasoning_content: v.nullish(v.string()),
  /** Newer vLLM. */
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

type Chunk = v.InferOutput<typeof ChunkSchema>;

/**
 * @throws NotNow if the stream ends without a `finish_reason`, because then the server has gone; what the socket throws; the error of
 * `failureOf` if the server sends an error in the stream; CliaiError `failed` if the answer has more than `mostCharacters`
 */
export async function readAnswer(
  body: AsyncIterable<Uint8Array>,
  { url, hasThoughts, onChunk = () => undefined }: AnswerFrom,
  listener: AnswerListener,
): Promise<ModelAnswer> {
  const answer = createAnswerBuilder({ url, hasThoughts }, listener);
  let finish: string | undefined;
  let usage: AnswerUsage | undefined;
  const take = (chunk: Chunk) => {
    if (chunk.error !== undefined) throw failureOf(500, JSON.stringify(chunk), url);
    usage = usageOf(chunk) ?? usage;
    for (const { delta = {}, finish_reason } of chunk.choices ?? []) {
      answer.count(JSON.stringify(delta).length);
      const thought = delta.reasoning_content ?? delta.reasoning;
      if (thought) answer.thought(thought);
      if (delta.content) answer.text(delta.content);
      for (const { function: named, ...piece } of delta.tool_calls ?? []) answer.call({ ...piece, ...named });
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
  return answer.end({ isCutOff: finish === "length", usage });
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
