// Reads the notifications of `codex app-server`: which of them tell something about a session's work, and what. Measured with 0.171.0.
import * as v from "valibot";

/** A field of an unexpected type counts as absent, so that the rest of the notification still counts. */
const text = v.optional(v.fallback(v.nullish(v.string()), undefined));
const figure = v.optional(v.fallback(v.number(), 0), 0);
const anything = v.optional(v.unknown());

const ItemSchema = v.looseObject({
  ...{ id: v.string(), type: v.string() },
  /** In a message of the user: the id that the client gave it. */
  clientId: text,
  content: v.optional(v.fallback(v.array(v.looseObject({ type: v.string(), text })), []), []),
  /** In what the model thinks: the parts of which its service tells. */
  summary: v.optional(v.fallback(v.optional(v.array(v.string())), undefined)),
  /** In a message of the model: its words. */
  text,
  ...{ status: text, command: text, cwd: text, aggregatedOutput: text, server: text, tool: text },
  exitCode: v.optional(v.fallback(v.nullish(v.number()), undefined)),
  ...{ changes: anything, arguments: anything, result: anything, query: anything, path: anything },
  error: v.optional(v.fallback(v.nullish(v.looseObject({ message: text })), undefined)),
  /** In a call that starts a subagent: the subagent's prompt, and its thread. */
  prompt: text,
  receiverThreadIds: v.optional(v.fallback(v.array(v.string()), []), []),
});
export type CodexItem = v.InferOutput<typeof ItemSchema>;

export const TurnErrorSchema = v.looseObject({
  message: v.optional(v.string(), ""),
  codexErrorInfo: v.optional(v.unknown()),
  additionalDetails: text,
});
export type CodexError = v.InferOutput<typeof TurnErrorSchema>;

const TurnSchema = v.looseObject({
  ...{ id: v.string(), status: v.string() },
  /** The session's turn for which this turn runs. In the session's own turn, this is the turn's own id. */
  rootTurnId: text,
  error: v.optional(v.fallback(v.nullish(TurnErrorSchema), undefined)),
});
export type CodexTurn = v.InferOutput<typeof TurnSchema>;
const tokens = v.looseObject({ totalTokens: figure, inputTokens: figure, outputTokens: figure });
const ofTurn = { threadId: v.string(), turnId: v.string() };

/** A limit that counts in a window of time: how much of it is used, and when the window ends, in seconds since 1970. */
const LimitWindowSchema = v.optional(
  v.fallback(
    v.nullish(v.looseObject({ usedPercent: v.number(), resetsAt: v.nullish(v.number()) })),
    undefined,
  ),
);
export type CodexLimitWindow = v.InferOutput<typeof LimitWindowSchema>;

const schemas = {
  "turn/started": v.looseObject({ threadId: v.string(), turn: TurnSchema }),
  "turn/completed": v.looseObject({ threadId: v.string(), turn: TurnSchema }),
  "item/started": v.looseObject({ ...ofTurn, item: ItemSchema }),
  "item/completed": v.looseObject({ ...ofTurn, item: ItemSchema }),
  "hook/started": v.looseObject({
    threadId: v.string(),
    run: v.looseObject({ id: v.string(), eventName: v.string(), source: v.optional(v.string(), "") }),
  }),
  error: v.looseObject({
    ...ofTurn,
    error: TurnErrorSchema,
    willRetry: v.optional(v.fallback(v.boolean(), false), false),
  }),
  "thread/tokenUsage/updated": v.looseObject({
    ...ofTurn,
    tokenUsage: v.looseObject({
      ...{ total: tokens, last: tokens },
      modelContextWindow: v.optional(v.fallback(v.nullish(v.number()), undefined)),
    }),
  }),
  "account/rateLimits/updated": v.looseObject({
    rateLimits: v.looseObject({ primary: LimitWindowSchema, secondary: LimitWindowSchema }),
  }),
  "serverRequest/resolved": v.looseObject({ requestId: v.union([v.string(), v.number()]) }),
  "model/rerouted": v.looseObject({ threadId: v.string(), toModel: text }),
} as const;

export type CodexEvent = {
  [Method in keyof typeof schemas]: {
    readonly method: Method;
    readonly params: v.InferOutput<(typeof schemas)[Method]>;
  };
}[keyof typeof schemas];
export type ParamsOf<Method extends CodexEvent["method"]> = Extract<CodexEvent, { method: Method }>["params"];

/** Undefined for a notification that tells nothing about a session's work, or has another form. */
export function readCodexEvent(method: string, params: unknown): CodexEvent | undefined {
  if (!Object.hasOwn(schemas, method)) return undefined;
  const read = v.safeParse(schemas[method as keyof typeof schemas], params);
  return read.success ? ({ method, params: read.output } as CodexEvent) : undefined;
}
