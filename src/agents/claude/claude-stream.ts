// Claude Code without a terminal: messages go in as lines of JSON, and what it does comes out as such. Measured with 2.1.330.
import type { Writable } from "node:stream";
import * as v from "valibot";
import { createLineSplitter } from "../../domain/text/lines.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import type { Usage } from "../../domain/wire/messages.ts";
import type { HeadlessCli, HeadlessPipes, HeadlessSession } from "../agent-cli.ts";
import { claudeAbilities } from "./claude-abilities.ts";
import { createStreamHooks } from "./claude-stream-hooks.ts";

const interruptWithinMs = 2_000;

const count = v.optional(v.number(), 0);
const ResultSchema = v.looseObject({
  type: v.literal("result"),
  is_error: v.optional(v.boolean(), false),
  result: v.optional(v.string(), ""),
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
const AssistantSchema = v.looseObject({
  type: v.literal("assistant"),
  message: v.looseObject({
    model: v.optional(v.string()),
    usage: v.optional(
      v.looseObject({
        input_tokens: count,
        cache_creation_input_tokens: count,
        cache_read_input_tokens: count,
      }),
    ),
  }),
});
const ReplaySchema = v.looseObject({ type: v.literal("user"), isReplay: v.literal(true) });
const ControlResponseSchema = v.looseObject({
  type: v.literal("control_response"),
  response: v.looseObject({ subtype: v.string(), request_id: v.string() }),
});

export const claudeStream: HeadlessCli = {
  args: [
    "-p",
    ...["--input-format", "stream-json", "--output-format", "stream-json"],
    ...["--verbose", "--replay-user-messages"],
  ],
  open: openStream,
};

function openStream(pipes: HeadlessPipes): HeadlessSession {
  const { stdin, stdout, onEvent, onEvidence, onResult, onHook, onToolResult } = pipes;
  const createId = () => crypto.randomUUID();
  const interrupts = new Map<string, (isDone: boolean) => void>();
  let context: { readonly model?: string; readonly context_tokens?: number } = {};
  // Its end shows as the end of the process; a write after it rejects by itself.
  stdin.on("error", () => undefined);
  const hooks = createStreamHooks({
    ...{ onHook, onToolResult, createId },
    write: (line) => write(stdin, line),
  });
  const { version, holdS } = pipes.hooks;
  const carriesHooks = claudeAbilities(version).streamHooks;
  const whenHooked = carriesHooks ? hooks.register(holdS) : Promise.resolve();

  const take = (line: unknown) => {
    const replay = v.safeParse(ReplaySchema, line);
    // Said again when the model is given it.
    if (replay.success) onEvidence(JSON.stringify(line), "echo");
    const assistant = v.safeParse(AssistantSchema, line);
    if (assistant.success) context = contextOf(assistant.output);
    const control = v.safeParse(ControlResponseSchema, line);
    if (control.success) {
      const { request_id, subtype } = control.output.response;
      interrupts.get(request_id)?.(subtype === "success");
    }
    const result = v.safeParse(ResultSchema, line);
    if (!result.success) return;
    onEvent({ kind: "usage", usage: { ...usageOf(result.output), ...context } });
    onResult({ isError: result.output.is_error, text: result.output.result });
  };
  const lines = createLineSplitter();
  const read = (text: string) => {
    const line = parseJsonLine(text);
    if (line === undefined) return;
    hooks.take(line);
    take(line);
  };
  stdout.setEncoding("utf8").on("data", (part: string) => lines.push(part).forEach(read));
  stdout.once("close", () => hooks.end());

  return {
    whenHooked,
    carriesHooks,
    say: (text) => write(stdin, { type: "user", message: { role: "user", content: text } }),
    async interrupt() {
      const request_id = createId();
      const { promise, resolve } = Promise.withResolvers<boolean>();
      interrupts.set(request_id, resolve);
      const timer = setTimeout(() => resolve(false), interruptWithinMs);
      const request = { type: "control_request", request_id, request: { subtype: "interrupt" } };
      // Not waited for: one that reads nothing any more takes it never.
      write(stdin, request).catch(() => resolve(false));
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        interrupts.delete(request_id);
      }
    },
  };
}

function write(stdin: Writable, message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    stdin.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
  });
}

function contextOf({ message: { model, usage } }: v.InferOutput<typeof AssistantSchema>) {
  const { input_tokens = 0, cache_creation_input_tokens = 0, cache_read_input_tokens = 0 } = usage ?? {};
  const context_tokens = input_tokens + cache_creation_input_tokens + cache_read_input_tokens;
  return { ...(model === undefined ? {} : { model }), ...(context_tokens === 0 ? {} : { context_tokens }) };
}

/** The sums of the session so far: Claude's own estimate. */
function usageOf({ total_cost_usd, modelUsage }: v.InferOutput<typeof ResultSchema>): Usage {
  const models = Object.values(modelUsage);
  const tokens_used = models.reduce(
    (sum, { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens }) =>
      sum + inputTokens + outputTokens + cacheReadInputTokens + cacheCreationInputTokens,
    0,
  );
  const context_window = models[0]?.contextWindow;
  return {
    tokens_used,
    source: "results",
    ...(total_cost_usd === undefined ? {} : { estimated_cost: total_cost_usd }),
    ...(context_window === undefined ? {} : { context_window }),
  };
}
