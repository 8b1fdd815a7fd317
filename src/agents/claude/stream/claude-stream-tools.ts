// The tools that run in a headless session, and their ends. cliai registers no hook for the end of a tool, because the stream shows it. Each end is
// passed on in the form that its hook would have. Seen with 2.1.63 and 2.1.330.
import * as v from "valibot";

/** The payload of the hook that has let a tool start. */
export interface CalledTool {
  readonly tool_use_id?: string | undefined;
  readonly [field: string]: unknown;
}

const ToolResultSchema = v.looseObject({
  type: v.literal("tool_result"),
  tool_use_id: v.string(),
  is_error: v.optional(v.boolean(), false),
  content: v.optional(v.unknown()),
});
export const ToolResultsSchema = v.looseObject({
  type: v.literal("user"),
  message: v.looseObject({ content: v.array(v.unknown()) }),
  /** The result itself; `content` has the form that the model gets. */
  tool_use_result: v.optional(v.unknown()),
  tool_result_meta: v.optional(v.array(v.looseObject({ id: v.string() })), []),
});
type ToolResults = v.InferOutput<typeof ToolResultsSchema>;
/** How 2.1.330 marks a call that was never run. A call that was interrupted while it ran has other marks. */
const NeverRunSchema = v.union([
  v.looseObject({ permission_decision: v.looseObject({ decision: v.literal("reject") }) }),
  v.looseObject({ non_execution_kind: v.pipe(v.string(), v.regex(/^(permission-rule|automode-)/)) }),
]);
/** The line that tells that Claude's own settings refused a tool. It does not come if a person or one of our hooks refused it. */
export const DeniedSchema = v.looseObject({
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

/** How many calls are kept as running. The oldest is forgotten above this number, because the stream never shows the end of some calls. */
const mostRunning = 1_000;

export interface ToolRuns {
  begin(input: CalledTool): void;
  takeResults(line: ToolResults): void;
  takeDenied(line: Denied): void;
}

/** Keeps the running tools. When the stream shows that a tool has ended, calls `onToolResult` with the payload that a hook would have. */
export function createToolRuns(onToolResult: (payload: unknown) => void): ToolRuns {
  const running = new Map<string, CalledTool>();
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
