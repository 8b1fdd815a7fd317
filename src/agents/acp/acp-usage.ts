// What an ACP agent tells of its use of the model. The protocol has few words for it, so agents tell it in ways of their own: Qwen Code with
// each answer of its model, Gemini CLI and Copilot CLI with the answer to a prompt. Seen with 0.24.4, 0.61.0 and 1.0.102.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import type { ModelRequest } from "../../domain/hook.ts";
import type { AcpOpened, AcpPromptAnswer, AcpUpdate } from "./acp-messages.ts";
import type { AcpRow } from "./acp-row.ts";

export interface AcpUsage {
  /** The session is open: takes the model that it names. */
  opened(session: AcpOpened): void;
  takeUpdate(update: AcpUpdate): void;
  takeAnswer(answer: AcpPromptAnswer): void;
}

const figure = v.optional(v.fallback(v.number(), 0), 0);
const TokensSchema = v.looseObject({ inputTokens: figure, outputTokens: figure, totalTokens: figure });
type Tokens = v.InferOutput<typeof TokensSchema>;
const ChunkSchema = v.looseObject({ usage: TokensSchema });
const QuotaSchema = v.looseObject({
  quota: v.looseObject({
    token_count: v.looseObject({ input_tokens: figure, output_tokens: figure }),
    model_usage: v.optional(v.array(v.looseObject({ model: v.string() })), []),
  }),
});

export function createAcpUsage(
  { sumsUsage = false }: Pick<AcpRow, "sumsUsage">,
  onUsage: (request: ModelRequest) => void,
): AcpUsage {
  let model: string | undefined;
  let context: { readonly tokens?: number; readonly window?: number } = {};
  let summed = 0;
  const tell = (tokens: number, contextTokens = context.tokens, modelTold = model) => {
    if (tokens <= 0) return;
    const shown = { model: modelTold, context_tokens: contextTokens, context_window: context.window };
    onUsage({ tokens, ...definedOf(shown), isConversation: true });
  };
  return {
    opened({ models }) {
      const current = models?.availableModels.find(({ modelId }) => modelId === models.currentModelId);
      model = current?.name ?? models?.currentModelId;
      const window = current?._meta.contextLimit;
      if (typeof window === "number") context = { window };
    },
    takeUpdate(update) {
      if (update.sessionUpdate === "usage_update") {
        context = definedOf({ tokens: update.used, window: update.size });
        return;
      }
      const read = v.safeParse(ChunkSchema, update._meta);
      if (!read.success) return;
      const { usage } = read.output;
      const isSubagent = typeof update._meta.parentToolCallId === "string";
      tell(sumOf(usage), isSubagent ? context.tokens : usage.inputTokens);
    },
    takeAnswer({ usage, _meta }) {
      const quota = v.safeParse(QuotaSchema, _meta);
      if (quota.success) {
        const { token_count, model_usage } = quota.output.quota;
        const { input_tokens, output_tokens } = token_count;
        return tell(input_tokens + output_tokens, undefined, model_usage[0]?.model);
      }
      const read = v.safeParse(TokensSchema, usage);
      if (!read.success) return;
      const sum = sumOf(read.output);
      tell(sumsUsage ? sum - summed : sum);
      summed = sum;
    },
  };
}

function sumOf({ inputTokens, outputTokens, totalTokens }: Tokens): number {
  return totalTokens > 0 ? totalTokens : inputTokens + outputTokens;
}
