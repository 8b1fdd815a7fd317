// Reads one streamed answer of Ollama's own API, `/api/chat`: a JSON object in each line. Measured with Ollama 0.17.4.
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
import { failureOf } from "./model-failure.ts";

const CallSchema = v.looseObject({
  id: v.nullish(v.string()),
  function: v.looseObject({ name: v.string(), arguments: v.optional(v.unknown(), {}) }),
});
const LineSchema = v.looseObject({
  error: v.optional(v.unknown()),
  message: v.optional(
    v.looseObject({
      content: v.nullish(v.string()),
      thinking: v.nullish(v.string()),
      tool_calls: v.nullish(v.array(CallSchema)),
    }),
  ),
  done: v.optional(v.boolean(), false),
  done_reason: v.nullish(v.string()),
  prompt_eval_count: v.nullish(v.number()),
  eval_count: v.nullish(v.number()),
  /** In ns. */
  eval_duration: v.nullish(v.number()),
});
type Line = v.InferOutput<typeof LineSchema>;

/** In the words of a release after 0.30, which tells it. */
const repeatsItself = /token repeat limit/;

/**
 * An answer that ends without `done` is one that Ollama has cut off, because the model wrote the same token 31 times in a row. It tells that in
 * no other way. (If its model's process dies, it sends an error; if Ollama itself dies, the socket does not end in order.)
 * @throws what the socket throws; the error of `failureOf` if the server sends an error in the stream; CliaiError `failed` if the answer has
 * more than `mostCharacters`
 */
export async function readOllamaAnswer(
  body: AsyncIterable<Uint8Array>,
  { url, hasThoughts, onChunk = () => undefined }: AnswerFrom,
  listener: AnswerListener,
): Promise<ModelAnswer> {
  const answer = createAnswerBuilder({ url, hasThoughts }, listener);
  let last: Line | undefined;
  const take = (text: string) => {
    const { output: line, success } = v.safeParse(LineSchema, parseJsonLine(text));
    if (!success) return;
    onChunk();
    if (line.error !== undefined) {
      if (repeatsItself.test(JSON.stringify(line.error))) return;
      throw failureOf(500, text, url);
    }
    const { message = {} } = line;
    answer.count(JSON.stringify(message).length);
    const { thinking, content, tool_calls } = message;
    if (thinking) answer.thought(thinking);
    if (content) answer.text(content);
    // Each call comes whole. Its id is left out by releases before 0.13, and its place does not count in any.
    for (const { id, function: called } of tool_calls ?? [])
      answer.call({ id: id || `call_${crypto.randomUUID().slice(0, 8)}`, ...textOf(called) });
    if (line.done) last = line;
  };
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > mostCharacters) throw endless(url);
    for (const line of lines) take(line);
  }
  take(rest);
  return answer.end({
    isCutOff: last === undefined || last.done_reason === "length",
    usage: last && usageOf(last),
  });
}

function textOf({ name, arguments: args }: v.InferOutput<typeof CallSchema>["function"]) {
  return { name, arguments: typeof args === "string" ? args : JSON.stringify(args) };
}

function usageOf({ prompt_eval_count, eval_count, eval_duration }: Line): AnswerUsage | undefined {
  if (prompt_eval_count == null) return undefined;
  const answerTokens = eval_count ?? 0;
  return {
    promptTokens: prompt_eval_count,
    answerTokens,
    cachedTokens: 0, // it does not tell
    tokensPerS: eval_duration && answerTokens > 1 ? (answerTokens / eval_duration) * 1e9 : undefined,
  };
}
