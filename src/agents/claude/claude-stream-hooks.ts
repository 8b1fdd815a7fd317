// The hooks that a headless Claude Code calls over its own stream, and the ends of tools that the stream shows. These hooks cost the
// least (docs/performance.md). Seen with 2.1.63 and 2.1.330.
import * as v from "valibot";
import { CliaiError } from "../../domain/text/errors.ts";

/** The hooks that the CLI calls over the stream, where they are answered too. */
const calledEvents = ["PreToolUse"] as const;
/** This hook comes over the stream if the session is started with {@link permissionArgs}. */
export const permissionEvent = "PermissionRequest";
/** With these arguments, a session without a terminal also has the tools that ask its user. */
export const permissionArgs = ["--permission-prompt-tool", "stdio"] as const;
/** The hooks that the stream carries or shows. They must not be in the settings too, or they would come twice. */
export const streamedEvents: ReadonlySet<string> = new Set([
  ...calledEvents,
  "PostToolUse",
  "PostToolUseFailure",
]);

export interface StreamHooks {
  /**
   * Asks the CLI to call the hooks over the stream, and to wait `timeoutS` for each answer. Resolves when the CLI agrees, or has
   * ended. Rejects with CliaiError `cli_missing` if it refuses.
   */
  register(timeoutS: number): Promise<void>;
  /** Takes a line of the stream. */
  take(line: unknown): void;
  /** The stream has ended: aborts the hooks that still wait for an answer. */
  end(): void;
}

export interface StreamHooksOptions {
  /** Answers a hook that came over the stream; must not reject. The signal aborts when the CLI no longer waits for the answer. */
  readonly onHook: (payload: unknown, signal: AbortSignal) => Promise<unknown>;
  /** Takes the end of a tool that the stream shows, in the form of the hook's payload. It needs no answer. */
  readonly onToolResult: (payload: unknown) => void;
  readonly write: (message: object) => Promise<void>;
  readonly createId: () => string;
}

const CallSchema = v.looseObject({
  type: v.literal("control_request"),
  request_id: v.string(),
  request: v.looseObject({
    subtype: v.string(),
    input: v.fallback(v.looseObject({ tool_use_id: v.fallback(v.optional(v.string()), undefined) }), {}),
  }),
});
type Call = v.InferOutput<typeof CallSchema>;
type CalledHook = Call["request"]["input"];
const CanUseToolSchema = v.looseObject({
  tool_name: v.string(),
  input: v.optional(v.unknown()),
  tool_use_id: v.optional(v.string()),
  agent_id: v.optional(v.string()),
});
const DecisionSchema = v.looseObject({
  hookSpecificOutput: v.looseObject({ decision: v.looseObject({ behavior: v.string() }) }),
});
const CancelSchema = v.looseObject({ type: v.literal("control_cancel_request"), request_id: v.string() });
const ResponseSchema = v.looseObject({
  type: v.literal("control_response"),
  response: v.looseObject({
    subtype: v.string(),
    request_id: v.string(),
    error: v.optional(v.string()),
  }),
});
const DenySchema = v.looseObject({
  hookSpecificOutput: v.looseObject({ permissionDecision: v.literal("deny") }),
});
const ToolResultSchema = v.looseObject({
  type: v.literal("tool_result"),
  tool_use_id: v.string(),
  is_error: v.optional(v.boolean(), false),
  content: v.optional(v.unknown()),
});
const ResultsSchema = v.looseObject({
  type: v.literal("user"),
  message: v.looseObject({ content: v.array(v.unknown()) }),
  /** The result itself; `content` has the form that the model gets. */
  tool_use_result: v.optional(v.unknown()),
  tool_result_meta: v.optional(v.array(v.looseObject({ id: v.string() })), []),
});
type ToolResults = v.InferOutput<typeof ResultsSchema>;
/** How 2.1.330 marks a call that was never run. A call that was interrupted while it ran has other marks. */
const NeverRunSchema = v.union([
  v.looseObject({ permission_decision: v.looseObject({ decision: v.literal("reject") }) }),
  v.looseObject({ non_execution_kind: v.pipe(v.string(), v.regex(/^(permission-rule|automode-)/)) }),
]);
/** The line that tells that Claude's own settings refused a tool. It does not come if a person or one of our hooks refused it. */
const DeniedSchema = v.looseObject({
  type: v.literal("system"),
  subtype: v.literal("permission_denied"),
  tool_name: v.string(),
  tool_use_id: v.string(),
  agent_id: v.optional(v.string()),
  decision_reason_type: v.optional(v.string()),
  message: v.optional(v.string(), ""),
});
type Denied = v.InferOutput<typeof DeniedSchema>;
const TextBlockSchema = v.looseObject({ type: v.literal("text"), text: v.string() });

const LineSchema = v.variant("type", [CallSchema, CancelSchema, ResponseSchema, ResultsSchema, DeniedSchema]);

const nobody =
  "Nobody can be asked for this now. Go on without it if you can, or end your turn and say what you need.";

/** How many calls are kept as running. The oldest is forgotten above this number, because the stream never shows the end of some calls. */
const mostRunning = 1_000;

export function createStreamHooks(options: StreamHooksOptions): StreamHooks {
  const { write, createId } = options;
  const registerId = createId();
  const registered = Promise.withResolvers<void>();
  const runs = createToolRuns(options.onToolResult);
  const calls = createCalls(options, runs.begin);

  const takeResponse = ({ request_id, subtype, error }: v.InferOutput<typeof ResponseSchema>["response"]) => {
    if (request_id !== registerId) return;
    const why = `claude refuses to call hooks over its stream: ${error ?? subtype}`;
    if (subtype === "success") registered.resolve();
    else registered.reject(new CliaiError("cli_missing", why));
  };

  return {
    async register(timeoutS) {
      const hooks = calledEvents.map((event) => [event, [{ hookCallbackIds: [event], timeout: timeoutS }]]);
      const request = {
        ...{ subtype: "initialize", hooks: Object.fromEntries(hooks) },
        // Without it, the stream shows the beginning of the tools of a subagent's subagents, but not their end.
        forwardNestedSubagentToolCalls: true,
      };
      // If the write fails, the CLI has ended, and `end` resolves `registered`.
      write({ type: "control_request", request_id: registerId, request }).catch(() => undefined);
      await registered.promise;
    },
    take(line) {
      const read = v.safeParse(LineSchema, line);
      if (!read.success) return;
      switch (read.output.type) {
        case "control_request":
          return void calls.answer(read.output);
        case "control_cancel_request":
          return calls.cancel(read.output.request_id);
        case "control_response":
          return takeResponse(read.output.response);
        case "user":
          return runs.takeResults(read.output);
        case "system":
          return runs.takeDenied(read.output);
      }
    },
    end() {
      // Resolve, not reject: the CLI has ended, so no tool runs, and a later `say` fails by itself.
      registered.resolve();
      calls.cancelAll();
    },
  };
}

interface Calls {
  /** Answers one request of the CLI by `onHook`. */
  answer(call: Call): Promise<void>;
  cancel(requestId: string): void;
  cancelAll(): void;
}

/** The requests of the CLI that wait for an answer. `onToolStart` is called for each tool that a hook has allowed to start. */
function createCalls(
  { write, onHook }: Pick<StreamHooksOptions, "write" | "onHook">,
  onToolStart: (input: CalledHook) => void,
): Calls {
  const calls = new Map<string, AbortController>();

  /** A write fails only when the CLI has closed its input. The session ends then, so nothing is done about it here. */
  const respond = async (response: object) =>
    await write({ type: "control_response", response }).catch(() => undefined);
  /** Resolves with the answer; undefined if the CLI has cancelled the request. */
  const ask = async (request_id: string, payload: object): Promise<unknown> => {
    const call = new AbortController();
    calls.set(request_id, call);
    const response = (await onHook(payload, call.signal)) ?? {};
    calls.delete(request_id);
    return call.signal.aborted ? undefined : response;
  };
  /**
   * Asks `onHook` as for the hook PermissionRequest, and answers the request `can_use_tool`. Denies if `onHook` decides nothing, because
   * nobody else can be asked.
   */
  const permit = async (request_id: string, asked: v.InferOutput<typeof CanUseToolSchema>) => {
    const { input: tool_input, tool_name, tool_use_id, agent_id } = asked;
    const payload = { hook_event_name: permissionEvent, tool_name, tool_input, tool_use_id, agent_id };
    const answer = await ask(request_id, payload);
    if (answer === undefined) return;
    const read = v.safeParse(DecisionSchema, answer);
    const response = read.success
      ? read.output.hookSpecificOutput.decision
      : { behavior: "deny", message: nobody };
    await respond({ subtype: "success", request_id, response });
  };
  return {
    async answer({ request_id, request }) {
      const { subtype, input } = request;
      const permission = v.safeParse(CanUseToolSchema, request);
      if (subtype === "can_use_tool" && permission.success)
        return await permit(request_id, permission.output);
      if (subtype !== "hook_callback") {
        const error = `cliai does not support the request ${subtype}`;
        return await respond({ subtype: "error", request_id, error });
      }
      const response = await ask(request_id, input);
      if (response === undefined) return;
      if (!v.is(DenySchema, response)) onToolStart(input);
      await respond({ subtype: "success", request_id, response });
    },
    cancel: (requestId) => calls.get(requestId)?.abort(),
    cancelAll() {
      for (const call of calls.values()) call.abort();
    },
  };
}

interface ToolRuns {
  begin(input: CalledHook): void;
  takeResults(line: ToolResults): void;
  takeDenied(line: Denied): void;
}

/** Keeps the running tools. When the stream shows that a tool has ended, calls `onToolResult` with the payload that a hook would have. */
function createToolRuns(onToolResult: StreamHooksOptions["onToolResult"]): ToolRuns {
  const running = new Map<string, CalledHook>();
  return {
    begin(input) {
      if (input.tool_use_id !== undefined) running.set(input.tool_use_id, input);
      const [oldest] = running.keys();
      if (running.size > mostRunning && oldest !== undefined) running.delete(oldest);
    },
    takeResults({ message, tool_use_result, tool_result_meta }) {
      for (const block of message.content) {
        const result = v.safeParse(ToolResultSchema, block);
        if (!result.success) continue;
        const { tool_use_id, is_error, content } = result.output;
        const start = running.get(tool_use_id);
        running.delete(tool_use_id);
        const meta = tool_result_meta.find(({ id }) => id === tool_use_id);
        if (start === undefined || v.is(NeverRunSchema, meta)) continue;
        const how = is_error
          ? { hook_event_name: "PostToolUseFailure", error: errorOf(tool_use_result) ?? textOf(content) }
          : { hook_event_name: "PostToolUse", tool_response: content };
        onToolResult({ ...start, ...how });
      }
    },
    takeDenied({ tool_name, tool_use_id, agent_id, decision_reason_type, message: reason }) {
      const start = running.get(tool_use_id) ?? { tool_name, tool_use_id, agent_id };
      const how = { hook_event_name: "PermissionDenied", decision_reason_type, reason };
      onToolResult({ ...start, ...how });
    },
  };
}

/** The error's text, as the hook PostToolUseFailure gives it. */
function errorOf(result: unknown): string | undefined {
  return typeof result === "string" ? result.replace(/^Error: /, "") : undefined;
}

/** The text of a tool result's `content`: a string, or a list of blocks, some of which have text. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  const blocks = Array.isArray(content) ? content : [];
  return blocks.flatMap((block) => (v.is(TextBlockSchema, block) ? block.text : [])).join("\n");
}
