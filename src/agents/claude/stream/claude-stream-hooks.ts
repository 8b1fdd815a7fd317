// The hooks that a headless Claude Code calls over its own stream, where they are answered, too. These hooks cost the least
// (docs/performance.md). Seen with 2.1.63 and 2.1.330.
import * as v from "valibot";
import { CliaiError } from "../../../domain/text/errors.ts";
import { type CalledTool, createToolRuns, DeniedSchema, ToolResultsSchema } from "./claude-stream-tools.ts";

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
  /** Takes the end of a tool that the stream shows (`claude-stream-tools.ts`), in the form of the hook's payload. It needs no answer. */
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
const LineSchema = v.variant("type", [
  CallSchema,
  CancelSchema,
  ResponseSchema,
  ToolResultsSchema,
  DeniedSchema,
]);

const nobody =
  "Nobody can be asked for this now. Go on without it if you can, or end your turn and say what you need.";

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
  onToolStart: (input: CalledTool) => void,
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
