// Translates the hooks that Copilot CLI calls on its terminal, and the answers to them. A payload has neither the hook's name, which `cliai
// hook` adds, nor an id of the tool call. A subagent's hook has its `agentId`; its `sessionId` is not always the subagent's own. Measured
// with 1.0.102.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { type ChangingTools, changedFiles } from "../../domain/files/changed-files.ts";
import type { Hook, HookAnswer } from "../../domain/hook.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { idFact, inputWords, longFact, shortFact } from "../../domain/text/fact-words.ts";
import type { SessionEventKind } from "../../domain/wire/event-messages.ts";
import { isToolName } from "../../domain/wire/tools/tools.ts";
import type { HookTranslation } from "../session-cli.ts";
import { ownToolPrefix } from "./copilot-files.ts";

export const permissionHook = "permissionRequest";
/** The hooks that cliai uses, and what each becomes. */
export const kindOfHook: ReadonlyMap<string, SessionEventKind> = new Map([
  ["sessionStart", "session_start"],
  ["userPromptSubmitted", "prompt"],
  ["preToolUse", "tool_start"],
  [permissionHook, "permission"],
  ["postToolUse", "tool_end"],
  ["postToolUseFailure", "tool_failed"],
  ["notification", "notification"],
  ["agentStop", "turn_end"],
  ["subagentStart", "subagent_start"],
  ["subagentStop", "subagent_end"],
  ["preCompact", "compaction"],
  ["sessionEnd", "session_end"],
]);
/** A subagent calls these hooks, too. Its calls are ignored, because they tell nothing of the session's own turn. */
const ownOnly: ReadonlySet<SessionEventKind> = new Set(["prompt", "turn_end"]);

/** A field of an unexpected type counts as absent. If the hook were rejected instead, its tool would run even during a pause. */
const text = v.fallback(v.optional(v.string()), undefined);
/** The latest time that a `Date` can have. */
const latestMs = 8.64e15;
const HookSchema = v.looseObject({
  hook_event_name: v.string(),
  sessionId: text,
  transcriptPath: text,
  /** In ms since 1970. */
  timestamp: v.fallback(v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(latestMs))), undefined),
  agentId: text,
  agentType: text,
  source: text,
  prompt: text,
  toolName: text,
  toolArgs: v.optional(v.unknown()),
  /** The input in a `permissionRequest`; the other hooks have `toolArgs`. */
  toolInput: v.optional(v.unknown()),
  toolResult: v.optional(v.unknown()),
  stop_hook_active: v.fallback(v.optional(v.boolean()), undefined),
  error: text,
  message: text,
  notification_type: text,
  trigger: text,
  reason: text,
});
type CopilotHook = v.InferOutput<typeof HookSchema>;

function read(payload: unknown): Hook | undefined {
  const parsed = v.safeParse(HookSchema, payload);
  if (!parsed.success) throw new CliaiError("message_invalid", "this is not a hook of Copilot CLI");
  const hook = parsed.output;
  const { agentId, timestamp } = hook;
  const kind = kindOfHook.get(hook.hook_event_name);
  const isSubagent = agentId !== undefined;
  if (kind === undefined || (isSubagent && ownOnly.has(kind))) return undefined;
  const { toolArgs, toolInput: input = toolArgs, toolResult: result } = hook;
  const tool = hook.toolName === undefined ? undefined : toolOf(hook.toolName);
  // The launch allows cliai's own tools. Copilot CLI calls this hook all the same, before it looks at what is allowed.
  if (kind === "permission" && tool?.isOwn === true) return undefined;
  return {
    facts: {
      kind,
      ...definedOf({
        tool: shortFact(tool?.name),
        detail: detailOf(kind, hook),
        session_id: isSubagent ? undefined : hook.sessionId && idFact(hook.sessionId),
        subagent: agentId && idFact(agentId),
      }),
    },
    prompt: kind === "prompt" ? hook.prompt : undefined,
    tool: tool && { ...tool, input, result, files: changedFiles(changingTools, tool.name, input) },
    transcriptPath: isSubagent ? undefined : hook.transcriptPath,
    isHeldBack: hook.stop_hook_active,
    at: timestamp === undefined ? undefined : new Date(timestamp).toISOString(),
    isSubagent,
  };
}

const changingTools: ChangingTools = {
  ...{ create: ["path"], edit: ["path"], apply_patch: "patch" },
};

/** A `permissionRequest` has a slash after the server's name: `cliai/report_status`. The other hooks have a dash. */
const serverSlash = /^([^/]+)\//;

function toolOf(name: string) {
  const told = name.replace(serverSlash, "$1-");
  const own = told.startsWith(ownToolPrefix) ? told.slice(ownToolPrefix.length) : "";
  return isToolName(own) ? { name: own, isOwn: true } : { name: told, isOwn: false };
}

function detailOf(kind: SessionEventKind, hook: CopilotHook): string | undefined {
  switch (kind) {
    case "session_start":
      return shortFact(hook.source);
    case "prompt":
      return shortFact(hook.prompt);
    case "tool_start":
    case "tool_end":
      return shortFact(inputWords(hook.toolArgs));
    case "permission":
      return shortFact(inputWords(hook.toolInput));
    case "tool_failed":
      return longFact(hook.error);
    case "notification":
      return longFact([hook.notification_type, hook.message].filter(Boolean).join(": "));
    case "subagent_start":
    case "subagent_end":
      return shortFact(hook.agentType);
    case "compaction":
      return shortFact(hook.trigger);
    case "session_end":
      return shortFact(hook.reason);
    default:
      return undefined;
  }
}

function buildAnswer(_hook: Hook, answer: HookAnswer): unknown {
  switch (answer.type) {
    case "deny":
      return { permissionDecision: "deny", permissionDecisionReason: answer.reason };
    case "add":
      return { additionalContext: answer.text };
    case "hold_back":
      return { decision: "block", reason: answer.reason };
    case "permit":
      return { behavior: "allow" };
    case "forbid":
      return { behavior: "deny", message: answer.reason };
    default:
      return {};
  }
}

export const copilotHooks: HookTranslation = { read, buildAnswer };
