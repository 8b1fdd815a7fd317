// Translates a hook of Claude Code into the fields of `agent.{id}.event`. Texts are cut short, and secrets that can be known by their
// shape are redacted. The result of a tool is never included. Measured with 2.1.330.
import * as v from "valibot";
import type { NotificationWord } from "../../domain/hook.ts";
import { failureOfWords } from "../../domain/model-failure.ts";
import { idFact, inputWords, longFact, shortFact } from "../../domain/text/fact-words.ts";
import type { FailureWord, SessionEventKind } from "../../domain/wire/event-messages.ts";
import { describeDenial } from "./claude-denials.ts";
import { planTool, questionTool, readAsking } from "./claude-questions.ts";

export interface AgentEventFacts {
  readonly kind: SessionEventKind;
  readonly tool?: string;
  readonly detail?: string;
  readonly tool_use_id?: string;
  readonly error?: FailureWord;
  readonly remedy?: string;
  readonly session_id?: string;
  readonly subagent?: string;
}

/** A field of an unexpected type counts as absent. Rejecting the hook instead would let its tool run past the gate. */
const text = v.optional(v.fallback(v.optional(v.string()), undefined));

const ClaudeHookSchema = v.looseObject({
  hook_event_name: v.string(),
  session_id: text,
  transcript_path: text,
  agent_id: text,
  prompt_id: text,
  source: text,
  prompt: text,
  tool_name: text,
  tool_input: v.optional(v.unknown()),
  tool_response: v.optional(v.unknown()),
  tool_use_id: text,
  stop_hook_active: v.optional(v.fallback(v.optional(v.boolean()), undefined)),
  error: text,
  error_details: text,
  last_assistant_message: text,
  message: text,
  notification_type: text,
  action: text,
  agent_type: text,
  trigger: text,
  reason: text,
  /** Only in the stream's `permission_denied`, which `claude-stream-tools.ts` passes on in the form of a hook. */
  decision_reason_type: text,
  background_tasks: v.optional(v.fallback(v.optional(v.array(v.unknown())), undefined)),
});
type ClaudeHook = v.InferOutput<typeof ClaudeHookSchema>;

const kindOfHook = new Map<string, SessionEventKind>([
  ["SessionStart", "session_start"],
  ["UserPromptSubmit", "prompt"],
  ["PreToolUse", "tool_start"],
  ["PostToolUse", "tool_end"],
  ["PostToolUseFailure", "tool_failed"],
  ["PermissionRequest", "permission"],
  ["PermissionDenied", "tool_denied"],
  ["Notification", "notification"],
  ["Elicitation", "notification"],
  ["ElicitationResult", "notification"],
  ["Stop", "turn_end"],
  ["StopFailure", "turn_failed"],
  ["SubagentStart", "subagent_start"],
  ["SubagentStop", "subagent_end"],
  ["PreCompact", "compaction"],
  ["SessionEnd", "session_end"],
]);

/** Returns the parsed hook, and its facts if its kind is known. Undefined if the payload is not a hook of Claude Code. */
export function readClaudeHook(
  payload: unknown,
): { readonly hook: ClaudeHook; readonly facts: AgentEventFacts | undefined } | undefined {
  const read = v.safeParse(ClaudeHookSchema, payload);
  return read.success ? { hook: read.output, facts: factsOf(read.output) } : undefined;
}

function factsOf(hook: ClaudeHook): AgentEventFacts | undefined {
  const kind = kindOf(hook);
  if (kind === undefined) return undefined;
  const denial = kind === "tool_denied" ? denialOf(hook) : undefined;
  const detail = denial?.detail ?? detailOf(hook);
  return {
    kind,
    ...(hook.tool_name === undefined ? {} : { tool: shortFact(hook.tool_name) }),
    ...(detail === undefined ? {} : { detail }),
    ...(hook.tool_use_id === undefined ? {} : { tool_use_id: idFact(hook.tool_use_id) }),
    ...(kind === "turn_failed" ? { error: failureWordOfTurn(hook.error, apiWordsOf(hook)) } : {}),
    ...(denial === undefined ? {} : { remedy: denial.remedy }),
    ...(hook.session_id === undefined ? {} : { session_id: idFact(hook.session_id) }),
    ...(hook.agent_id === undefined ? {} : { subagent: idFact(hook.agent_id) }),
  };
}

function kindOf({ hook_event_name, tool_name }: ClaudeHook): SessionEventKind | undefined {
  const kind = kindOfHook.get(hook_event_name);
  return kind === "permission" && tool_name === questionTool ? "question" : kind;
}

function detailOf(hook: ClaudeHook): string | undefined {
  switch (hook.hook_event_name) {
    case "SessionStart":
      return shortFact(hook.source);
    case "UserPromptSubmit":
      return shortFact(hook.prompt);
    case "PreToolUse":
    case "PostToolUse":
    case "PermissionRequest":
      return shortFact(askedWords(hook) ?? inputWords(hook.tool_input));
    case "PostToolUseFailure":
      return longFact(hook.error);
    case "Notification":
      return longFact(joined(notificationWordOf(hook.notification_type), hook.message));
    case "Elicitation":
      return longFact(joined("elicitation_dialog" satisfies NotificationWord, hook.message));
    case "ElicitationResult":
      return longFact(joined("elicitation_response" satisfies NotificationWord, hook.action));
    case "StopFailure":
      return longFact(hook.error_details ?? apiWordsOf(hook) ?? hook.error);
    case "SubagentStart":
    case "SubagentStop":
      return shortFact(hook.agent_type);
    case "PreCompact":
      return shortFact(hook.trigger);
    case "SessionEnd":
      return shortFact(hook.reason);
  }
}

/** Claude's notification types that have another word in cliai. The other types keep their own word. */
const notificationWords = new Map<string, NotificationWord>([
  ["worker_permission_prompt", "permission_prompt"],
  ["elicitation_url_dialog", "elicitation_dialog"],
  ["agent_needs_input", "elicitation_dialog"],
  ["elicitation_complete", "elicitation_response"],
]);

function notificationWordOf(type: string | undefined): string | undefined {
  return type === undefined ? undefined : (notificationWords.get(type) ?? type);
}

function denialOf({ tool_name: name = "a tool", tool_input: input, reason = "", ...hook }: ClaudeHook) {
  return describeDenial({ name, input }, { words: reason, by: hook.decision_reason_type });
}

/** The plan or the questions of a tool that asks its user. */
function askedWords({ tool_name: name, tool_input }: ClaudeHook): string | undefined {
  if (name !== questionTool && name !== planTool) return undefined;
  const { questions = [], plan } = readAsking(name, tool_input);
  return plan ?? questions.map(({ question }) => question).join(" ");
}

const failureWordOf = new Map<string, FailureWord>([
  ["authentication_failed", "authentication"],
  ["oauth_org_not_allowed", "authentication"],
  ["account_on_hold", "authentication"],
  ["verification_required", "authentication"],
  ["cloud_credential_error", "authentication"],
  ["rate_limit", "usage_limit"],
  ["billing_error", "usage_limit"],
  ["overloaded", "overloaded"],
  ["server_error", "server"],
]);

/**
 * 2.1.330 gives the error `unknown` if the API reports a usage limit as a bad request, and `server_error` if the API is overloaded. For these
 * two errors, the words of the API decide.
 */
function failureWordOfTurn(error = "", words = ""): FailureWord {
  const word = failureWord(error);
  if (word !== "other" && word !== "server") return word;
  const told = failureWord(words);
  return told === "other" ? word : told;
}

/** Translates Claude's word for an error, or the text of one, into ours; `other` for an unknown one. */
export function failureWord(error: string): FailureWord {
  return failureWordOf.get(error) ?? failureOfWords(error);
}

/** With this error, `last_assistant_message` has the model's own words. */
const cutOffError = "max_output_tokens";

/** What the model's service says about the failure. Claude puts it where the model's last words would be. */
function apiWordsOf({ error, last_assistant_message }: ClaudeHook): string | undefined {
  return error === cutOffError ? undefined : last_assistant_message || undefined;
}

function joined(...words: readonly (string | undefined)[]): string {
  return words.filter((word) => word !== undefined).join(": ");
}
