// Reads what the lines of a headless session's stream show: prompts, background tasks, results. Measured with 2.1.330.
import * as v from "valibot";
import { definedOf } from "../../../domain/defined.ts";
import type { SessionSign, TurnResult } from "../../../domain/hook.ts";
import type { Usage } from "../../../domain/wire/event-messages.ts";
import { readBackgroundTasks } from "../claude-background.ts";
import { readCalls } from "../claude-denials.ts";
import { failureWord } from "../claude-hooks.ts";
import { notTheModel, wordsOf } from "../claude-record-signs.ts";

const count = v.optional(v.number(), 0);
const optionalText = v.optional(v.fallback(v.optional(v.string()), undefined));
const UsageFieldsSchema = v.looseObject({
  input_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: count,
});

const AssistantSchema = v.looseObject({
  type: v.literal("assistant"),
  /** This and `agent_id` are set if a subagent's model has answered. */
  parent_tool_use_id: v.optional(v.nullable(v.string())),
  agent_id: optionalText,
  message: v.looseObject({
    id: optionalText,
    model: v.optional(v.string()),
    usage: v.optional(UsageFieldsSchema),
    content: v.optional(v.fallback(v.array(v.unknown()), []), []),
  }),
});
type AssistantMessage = v.InferOutput<typeof AssistantSchema>["message"];
/** The results of the session's own calls, not of a subagent's. */
const OwnResultsSchema = v.looseObject({
  type: v.literal("user"),
  parent_tool_use_id: v.optional(v.null()),
  agent_id: v.optional(v.undefined()),
});
const ReplaySchema = v.looseObject({ type: v.literal("user"), isReplay: v.literal(true) });
const RefusedSchema = v.looseObject({
  type: v.literal("system"),
  content: v.optional(v.fallback(v.string(), ""), ""),
  prompt_submit_outcome: v.looseObject({ reason: v.optional(v.fallback(v.string(), ""), "") }),
});
const BackgroundSchema = v.looseObject({
  type: v.literal("system"),
  subtype: v.literal("background_tasks_changed"),
  tasks: v.array(v.unknown()),
});
const RetrySchema = v.looseObject({
  type: v.literal("system"),
  subtype: v.literal("api_retry"),
  attempt: v.number(),
  max_retries: v.number(),
  /** Null if no answer came at all. */
  error_status: v.optional(v.fallback(v.nullable(v.number()), null), null),
  error: v.optional(v.fallback(v.string(), ""), ""),
});
const LimitSchema = v.looseObject({
  type: v.literal("rate_limit_event"),
  /** `resetsAt`: seconds since 1970. */
  rate_limit_info: v.looseObject({ status: v.literal("rejected"), resetsAt: v.number() }),
});
const ResultSchema = v.looseObject({
  type: v.literal("result"),
  subtype: optionalText,
  is_error: v.optional(v.boolean(), false),
  terminal_reason: optionalText,
  result: v.optional(v.string(), ""),
  errors: v.optional(v.fallback(v.array(v.unknown()), []), []),
  usage: v.optional(v.fallback(v.optional(UsageFieldsSchema), undefined)),
  total_cost_usd: v.optional(v.number()),
  modelUsage: v.optional(
    v.record(
      v.string(),
      v.looseObject({
        inputTokens: count,
        outputTokens: count,
        cacheReadInputTokens: count,
        cacheCreationInputTokens: count,
        contextWindow: v.optional(v.number()),
      }),
    ),
    {},
  ),
});
type Result = v.InferOutput<typeof ResultSchema>;

export interface StreamSigns {
  /** Returns what a line shows; also the session's usage if the model has answered or the turn ends, and with that its result. */
  read(line: unknown): {
    readonly signs: readonly SessionSign[];
    /** The text that the session's own model writes in this line. */
    readonly words?: string;
    readonly result?: TurnResult;
    readonly usage?: Usage;
  };
}

/** @param isResumed whether the session has sums of earlier runs, which the CLI tells only with its first result */
export function createStreamSigns({ isResumed = false } = {}): StreamSigns {
  /** The session's tokens at the last result; undefined if they are not known yet. */
  let settled = isResumed ? undefined : 0;
  /** The tokens of each of the models' messages since then. A message comes in several lines, each with the same or larger figures. */
  const sinceResult = new Map<string, number>();
  let context: Pick<Usage, "model" | "context_tokens"> = {};
  /** Whether the model has answered since the last result. */
  let isAnswered = false;
  /** The tokens that the session's sums had when this process began: the CLI restores them. Undefined if they are not known yet. */
  let restored_tokens = isResumed ? undefined : 0;

  /** The tokens so far, at the beginning of each message. Its output is not counted yet, and the cost is told with the result only. */
  const runningUsage = ({ id, usage }: AssistantMessage): Usage | undefined => {
    const tokens = turnTokensOf({ usage });
    if (id === undefined || tokens === 0) return undefined;
    const isNew = !sinceResult.has(id);
    sinceResult.set(id, Math.max(tokens, sinceResult.get(id) ?? 0));
    if (!isNew || settled === undefined) return undefined;
    const tokens_used = settled + [...sinceResult.values()].reduce((sum, each) => sum + each, 0);
    return { tokens_used, source: "results", ...context, ...definedOf({ restored_tokens }) };
  };
  const readAssistant = (line: unknown): { signs: SessionSign[]; words?: string; usage?: Usage } => {
    const read = v.safeParse(AssistantSchema, line);
    if (!read.success || read.output.message.model === notTheModel) return { signs: [] };
    isAnswered = true;
    const { parent_tool_use_id, agent_id, message } = read.output;
    const isSubagent = parent_tool_use_id != null || agent_id !== undefined;
    if (!isSubagent) context = contextOf(read.output);
    const usage = runningUsage(message);
    if (isSubagent) return { signs: [], ...definedOf({ usage }) };
    return {
      signs: [{ type: "answer" }, ...readCalls(line)],
      ...definedOf({ words: wordsOf(message.content), usage }),
    };
  };
  const readSystem = (line: unknown): SessionSign[] => {
    const refused = v.safeParse(RefusedSchema, line);
    if (refused.success) {
      const { content, prompt_submit_outcome } = refused.output;
      return [{ type: "refused", text: content, reason: prompt_submit_outcome.reason }];
    }
    const retry = v.safeParse(RetrySchema, line);
    if (retry.success) return [retryOf(retry.output)];
    const limit = v.safeParse(LimitSchema, line);
    if (limit.success) return [{ type: "limit", resetsAtMs: limit.output.rate_limit_info.resetsAt * 1_000 }];
    const background = v.safeParse(BackgroundSchema, line);
    return background.success
      ? [{ type: "background", tasks: readBackgroundTasks(background.output.tasks) }]
      : [];
  };
  return {
    read(line) {
      const result = v.safeParse(ResultSchema, line);
      if (!result.success) {
        // The CLI repeats a prompt on its stream when the model is given it.
        const taken = v.is(ReplaySchema, line)
          ? [{ type: "taken", text: JSON.stringify(line) } as const]
          : [];
        const { signs, ...answer } = readAssistant(line);
        const notRun = v.is(OwnResultsSchema, line) ? readCalls(line) : [];
        return { signs: [...taken, ...signs, ...notRun, ...readSystem(line)], ...answer };
      }
      const wasAsked = isAnswered || tokensOf(result.output.usage) > 0;
      isAnswered = false;
      const usage = usageOf(result.output);
      const { tokens_used } = usage;
      if (tokens_used !== undefined) {
        restored_tokens ??= Math.max(0, tokens_used - turnTokensOf(result.output));
        settled = Math.max(settled ?? 0, tokens_used);
        sinceResult.clear();
      }
      return {
        signs: [],
        result: resultOf(result.output, wasAsked),
        usage: { ...usage, ...context, ...definedOf({ restored_tokens }) },
      };
    },
  };
}

function retryOf({
  attempt,
  max_retries,
  error_status,
  error,
}: v.InferOutput<typeof RetrySchema>): SessionSign {
  const why = [error_status ?? "no answer", error].filter((word) => word !== "").join(" ");
  return { type: "retry", detail: `${attempt}/${max_retries}: ${why}`, error: failureWord(error) };
}

/** The `terminal_reason`s of a turn that ended by itself. With any other one, the turn was broken off. */
const ownEnds: ReadonlySet<string> = new Set(["completed", "stop_hook_prevented"]);

function resultOf(read: Result, wasAsked: boolean): TurnResult {
  const { is_error, terminal_reason, subtype = "", result, errors } = read;
  const words = errors.filter((each) => typeof each === "string").join("; ");
  const text = result || words || (terminal_reason ?? subtype).replaceAll("_", " ");
  const isBrokenOff = terminal_reason !== undefined && !ownEnds.has(terminal_reason);
  const isError = is_error || isBrokenOff;
  const hasWords = !isError && wasAsked && result !== "";
  return { isError, wasAsked, text, ...(hasWords ? { said: result } : {}) };
}

function tokensOf(usage: v.InferOutput<typeof UsageFieldsSchema> | undefined): number {
  const { input_tokens = 0, cache_creation_input_tokens = 0, cache_read_input_tokens = 0 } = usage ?? {};
  return input_tokens + cache_creation_input_tokens + cache_read_input_tokens;
}

/** What the turn or the message has used. */
function turnTokensOf({ usage }: Pick<Result, "usage">): number {
  return tokensOf(usage) + (usage?.output_tokens ?? 0);
}

function contextOf({ message: { model, usage } }: v.InferOutput<typeof AssistantSchema>) {
  const context_tokens = tokensOf(usage);
  return definedOf({ model, context_tokens: context_tokens || undefined });
}

/** The session's sums so far; a result that names no model tells no tokens. The cost is Claude's own estimate, in US dollars. */
function usageOf({ total_cost_usd, modelUsage }: Result): Usage {
  const models = Object.values(modelUsage);
  const sum = models.reduce(
    (tokens, { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens }) =>
      tokens + inputTokens + outputTokens + cacheReadInputTokens + cacheCreationInputTokens,
    0,
  );
  const context_window = models[0]?.contextWindow;
  const tokens_used = models.length === 0 ? undefined : sum;
  return { source: "results", ...definedOf({ tokens_used, estimated_cost: total_cost_usd, context_window }) };
}
