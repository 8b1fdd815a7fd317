// Reads from an answer, as it passes through the gate, how many tokens it has and how fast the server was. It knows the forms of the OpenAI,
// Anthropic and Ollama APIs, streamed or not, and leaves out everything else.
import * as v from "valibot";
import { parseJsonLine } from "../domain/wire/decode.ts";

export interface AnswerFigures {
  /** Tokens of the answer a second. */
  readonly tokensPerS?: number;
  /** Which part of the prompt's tokens the server had in its cache, from 0 to 1. */
  readonly cachedShare?: number;
  readonly promptTokens?: number;
  /** How many tokens of a prompt the server reads a second; absent if it has read too few to tell. */
  readonly promptPerS?: number;
}

export interface FigureReader {
  /** Takes the next bytes of the body. */
  push(bytes: Uint8Array): void;
  /** @param writtenMs how long the answer took from its first byte to its last; used if the server does not tell its speed */
  end(writtenMs: number): AnswerFigures;
}

const figure = v.optional(v.nullable(v.number()));
const UsageSchema = v.looseObject({
  prompt_tokens: figure,
  completion_tokens: figure,
  input_tokens: figure,
  output_tokens: figure,
  cache_read_input_tokens: figure,
  prompt_tokens_details: v.nullish(v.looseObject({ cached_tokens: figure })),
  input_tokens_details: v.nullish(v.looseObject({ cached_tokens: figure })),
});
const FiguresSchema = v.looseObject({
  usage: v.nullish(UsageSchema),
  /** llama.cpp has these. */
  timings: v.nullish(
    v.looseObject({
      prompt_n: figure,
      cache_n: figure,
      prompt_per_second: figure,
      predicted_per_second: figure,
    }),
  ),
  /** Ollama's own API. Durations are in ns. */
  prompt_eval_count: figure,
  prompt_eval_duration: figure,
  eval_count: figure,
  eval_duration: figure,
});
const LineSchema = v.looseObject({
  ...FiguresSchema.entries,
  /** The first event of the Anthropic API has `message`; the last event of the OpenAI Responses API has `response`. */
  message: v.nullish(v.union([FiguresSchema, v.unknown()])),
  response: v.nullish(v.union([FiguresSchema, v.unknown()])),
});
type Figures = v.InferOutput<typeof FiguresSchema>;

interface Counts {
  prompt?: number | undefined;
  cached?: number | undefined;
  answer?: number | undefined;
  promptPerS?: number | undefined;
  answerPerS?: number | undefined;
}

/** The longest line that is read. A longer line has no figures that matter. */
const longestLine = 4_000_000;
/** The speed of a few tokens tells nothing. */
const leastTokens = 5;
const leastPromptTokens = 32;

export function createFigureReader(): FigureReader {
  const decoder = new TextDecoder();
  const counts: Counts = {};
  let rest = "";
  const take = (line: string) => {
    if (!/"(usage|timings|eval_count)"/.test(line)) return;
    const parsed = v.safeParse(LineSchema, parseJsonLine(line.replace(/^data:\s*/, "")));
    if (!parsed.success) return;
    for (const each of [parsed.output, parsed.output.message, parsed.output.response])
      if (v.is(FiguresSchema, each)) addFigures(counts, each);
  };
  return {
    push(bytes) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > longestLine) rest = "";
      for (const line of lines) take(line);
    },
    end(writtenMs) {
      take(rest);
      return figuresOf(counts, writtenMs);
    },
  };
}

function addFigures(counts: Counts, { usage, timings, ...ollama }: Figures): void {
  const add = (name: keyof Counts, value: number | null | undefined) => {
    // JSON.parse() reads 1e999 as Infinity, which JSON cannot express: it would make the whole heartbeat invalid.
    if (typeof value === "number" && value >= 0 && Number.isFinite(value)) counts[name] = value;
  };
  if (usage) {
    // Anthropic's `input_tokens` do not include the tokens that were in the cache; the counts of the others do.
    const beside = usage.cache_read_input_tokens ?? 0;
    add(
      "prompt",
      usage.prompt_tokens ?? (usage.input_tokens == null ? undefined : usage.input_tokens + beside),
    );
    add("answer", usage.completion_tokens ?? usage.output_tokens);
    const details = usage.prompt_tokens_details ?? usage.input_tokens_details;
    add("cached", details?.cached_tokens ?? usage.cache_read_input_tokens);
  }
  if (timings) {
    add("cached", timings.cache_n);
    if ((timings.prompt_n ?? 0) >= leastPromptTokens) add("promptPerS", timings.prompt_per_second);
    add("answerPerS", timings.predicted_per_second);
    if (counts.prompt === undefined) add("prompt", (timings.prompt_n ?? 0) + (timings.cache_n ?? 0));
  }
  add("prompt", ollama.prompt_eval_count);
  add("answer", ollama.eval_count);
  if ((ollama.prompt_eval_count ?? 0) >= leastPromptTokens)
    add("promptPerS", perS(ollama.prompt_eval_count, ollama.prompt_eval_duration));
  add("answerPerS", perS(ollama.eval_count, ollama.eval_duration));
}

function perS(count: number | null | undefined, durationNs: number | null | undefined): number | undefined {
  return count == null || !durationNs ? undefined : (count / durationNs) * 1e9;
}

function figuresOf(
  { prompt, cached, answer = 0, promptPerS, answerPerS }: Counts,
  writtenMs: number,
): AnswerFigures {
  const measured = answer >= leastTokens && writtenMs > 0 ? (answer / writtenMs) * 1_000 : undefined;
  const tokensPerS = answerPerS ?? measured;
  return {
    ...(tokensPerS !== undefined && { tokensPerS }),
    ...(prompt && cached !== undefined && { cachedShare: Math.min(1, cached / prompt) }),
    ...(prompt !== undefined && { promptTokens: prompt }),
    ...(promptPerS !== undefined && { promptPerS }),
  };
}

/**
 * Returns a function that estimates how long a server would need to read the whole prompt of an answer again, in ms; 0 if that is not known.
 * An answer whose prompt was in the cache does not tell how fast the server reads, so the speed is that of an earlier one.
 */
export function createRereadEstimate(): (figures: AnswerFigures) => number {
  let speed = 0;
  return ({ promptTokens = 0, promptPerS = speed }) => {
    speed = promptPerS;
    return speed > 0 ? (promptTokens / speed) * 1_000 : 0;
  };
}
