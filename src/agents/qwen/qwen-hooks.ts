// Translates the hooks that Qwen Code calls on a terminal, and the answers to them. They have Claude's names, fields and answers, with three
// differences. Qwen Code asks for a permission before it calls the hook `PreToolUse`. Every hook of a turn has the id of the turn's prompt.
// A notification tells each time that Qwen Code waits for its user. Measured with 0.24.4.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { type ChangingTools, changedFiles } from "../../domain/files/changed-files.ts";
import type { BackgroundTask, Hook, HookAnswer } from "../../domain/hook.ts";
import { failureOfWords } from "../../domain/model-failure.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { idFact, inputWords, longFact, shortFact } from "../../domain/text/fact-words.ts";
import { redact } from "../../domain/text/redact.ts";
import type { FailureWord, SessionEventKind } from "../../domain/wire/event-messages.ts";
import { isToolName } from "../../domain/wire/tools/tools.ts";
import type { HookTranslation } from "../session-cli.ts";
import { ownToolPrefix } from "./qwen-files.ts";

/** Used only if Qwen Code has no pipe (`--json-file`). On the pipe it tells the same, and also how the request was answered. */
export const askingHook = "PermissionRequest";
/** The hooks that cliai uses, and what each becomes. */
export const kindOfHook: ReadonlyMap<string, SessionEventKind> = new Map([
  ["SessionStart", "session_start"],
  ["UserPromptSubmit", "prompt"],
  ["PreToolUse", "tool_start"],
  ["PostToolUse", "tool_end"],
  ["PostToolUseFailure", "tool_failed"],
  [askingHook, "permission"],
  ["Notification", "notification"],
  ["Stop", "turn_end"],
  ["StopFailure", "turn_failed"],
  ["SubagentStart", "subagent_start"],
  ["SubagentStop", "subagent_end"],
  ["PreCompact", "compaction"],
  ["SessionEnd", "session_end"],
]);
export const questionTool = "ask_user_question";
const idleNotification = "idle_prompt";

/** A field of an unexpected type counts as absent. Rejecting the hook instead would let its tool run past the gate. */
const text = v.fallback(v.optional(v.string()), undefined);
const HookSchema = v.looseObject({
  hook_event_name: v.string(),
  session_id: text,
  transcript_path: text,
  agent_id: text,
  agent_type: text,
  prompt_id: text,
  timestamp: text,
  source: text,
  prompt: text,
  submitted_prompt: text,
  tool_name: text,
  tool_input: v.optional(v.unknown()),
  tool_response: v.optional(v.unknown()),
  tool_use_id: text,
  tool_call_id: text,
  stop_hook_active: v.fallback(v.optional(v.boolean()), undefined),
  last_assistant_message: text,
  background_tasks: v.fallback(v.optional(v.array(v.unknown())), undefined),
  error: text,
  error_details: text,
  message: text,
  notification_type: text,
  trigger: text,
  reason: text,
});
type QwenHook = v.InferOutput<typeof HookSchema>;

function read(payload: unknown): Hook | undefined {
  const parsed = v.safeParse(HookSchema, payload);
  if (!parsed.success) throw new CliaiError("message_invalid", "this is not a hook of Qwen Code");
  const hook = parsed.output;
  const kind = kindOf(hook);
  if (kind === undefined) return undefined;
  const { prompt_id: promptId, tool_input: input, tool_response: result } = hook;
  // `tool_call_id` is the model's own id. Everything else that Qwen Code tells of the call has this id, too.
  const id = hook.tool_call_id ?? hook.tool_use_id;
  const tool = hook.tool_name === undefined ? undefined : toolOf(hook.tool_name);
  return {
    facts: {
      kind,
      ...definedOf({
        tool: shortFact(tool?.name),
        detail: detailOf(kind, hook),
        tool_use_id: id && idFact(id),
        error: kind === "turn_failed" ? failureOf(hook) : undefined,
        session_id: hook.session_id && idFact(hook.session_id),
        subagent: hook.agent_id && idFact(hook.agent_id),
      }),
    },
    prompt: kind === "prompt" ? hook.prompt : undefined,
    tool: tool && { ...tool, input, result, files: changedFiles(changingTools, tool.name, input) },
    transcriptPath: hook.transcript_path,
    lastWords: kind === "turn_end" ? hook.last_assistant_message : undefined,
    isHeldBack: hook.stop_hook_active,
    promptId,
    at: hook.timestamp,
    background: kind === "turn_end" ? hook.background_tasks?.flatMap(readTask) : undefined,
    isIdle: kind === "notification",
    isSubagent: hook.agent_id !== undefined,
  };
}

function kindOf({ hook_event_name, submitted_prompt, prompt, tool_name, notification_type }: QwenHook) {
  const kind = kindOfHook.get(hook_event_name);
  if (kind === "notification" && notification_type !== idleNotification) return undefined;
  // UserPromptSubmit is also called for the results of tools, which go to the model as a prompt does.
  const isPrompt = submitted_prompt !== undefined || !(prompt === "" || prompt?.startsWith(toolResult));
  if (kind === "prompt" && !isPrompt) return undefined;
  return kind === "permission" && tool_name === questionTool ? "question" : kind;
}

const toolResult = "[Function Response: ";

const changingTools: ChangingTools = {
  ...{ edit: ["file_path"], write_file: ["file_path"], notebook_edit: ["notebook_path"] },
};

export function toolOf(name: string) {
  const own = name.startsWith(ownToolPrefix) ? name.slice(ownToolPrefix.length) : "";
  return isToolName(own) ? { name: own, isOwn: true } : { name, isOwn: false };
}

function detailOf(kind: SessionEventKind, hook: QwenHook): string | undefined {
  switch (kind) {
    case "session_start":
      return shortFact(hook.source);
    case "prompt":
      return shortFact(hook.prompt);
    case "tool_start":
    case "tool_end":
    case "permission":
    case "question":
      return shortFact(inputWords(hook.tool_input));
    case "tool_failed":
      return longFact(hook.error);
    case "notification":
      return longFact([hook.notification_type, hook.message].filter(Boolean).join(": "));
    case "turn_failed":
      return longFact(hook.error_details ?? hook.error);
    case "subagent_start":
    case "subagent_end":
      return shortFact(hook.agent_type);
    case "compaction":
      return shortFact(hook.trigger);
    case "session_end":
      return shortFact(hook.reason);
    default:
      return undefined;
  }
}

const failureWords: ReadonlyMap<string | undefined, FailureWord> = new Map([
  ["authentication_failed", "authentication"],
  ["rate_limit", "usage_limit"],
  ["billing_error", "usage_limit"],
  ["server_error", "server"],
]);

/** The details are read first: Qwen Code has one word for all errors of the model's server, and only the details have the HTTP status. */
function failureOf({ error, error_details: details = "" }: QwenHook): FailureWord {
  const told = failureOfWords(details);
  return told === "other" ? (failureWords.get(error) ?? "other") : told;
}

const TaskSchema = v.looseObject({ id: v.string(), status: text, description: text });
const descriptionLength = 200;

function readTask(item: unknown): BackgroundTask[] {
  const task = v.safeParse(TaskSchema, item);
  if (!task.success || task.output.status !== "running") return [];
  const { id, description } = task.output;
  return [
    {
      ...{ id, type: "subagent" },
      ...definedOf({ description: description && redact(description).slice(0, descriptionLength) }),
    },
  ];
}

const hookNames: ReadonlyMap<string, string> = new Map(
  [...kindOfHook].map(([name, kind]) => [kind, name] as const),
);

function buildAnswer({ facts: { kind } }: Hook, answer: HookAnswer): unknown {
  const hookEventName = hookNames.get(kind === "question" ? "permission" : kind);
  const specific = (fields: object) => ({ hookSpecificOutput: { hookEventName, ...fields } });
  switch (answer.type) {
    case "deny":
    case "ask":
      return specific({ permissionDecision: answer.type, permissionDecisionReason: answer.reason });
    case "add":
      return specific({ additionalContext: answer.text });
    case "hold_back":
      return { decision: "block", reason: answer.reason };
    case "forbid":
      return specific({ decision: { behavior: "deny", message: answer.reason } });
    default:
      // Its terminal asks for permissions, and for answers to questions.
      return {};
  }
}

export const qwenHooks: HookTranslation = { read, buildAnswer };
