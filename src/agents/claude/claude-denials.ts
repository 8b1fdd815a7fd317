// A tool that Claude Code's own rules refused: why, in few words, and what would allow it. Measured with 2.1.330, which tells it by
// `permission_denied` in the stream of a headless session, and in the record of a session on a terminal.
import * as v from "valibot";
import type { DeniedCall, HookTool, ToolDenial } from "../../domain/hook.ts";

export function describeDenial(
  { name: tool, input }: Pick<HookTool, "name" | "input">,
  { words, by }: Pick<DeniedCall, "words" | "by">,
): ToolDenial {
  const detail = reasonOf(words, by);
  if (detail === byRule) {
    return {
      detail,
      remedy: `its settings refuse it: take the rule out of permissions.deny there (${tool})`,
    };
  }
  const rule = ruleOf(tool, input);
  return {
    detail,
    remedy: `allow it: "allowed_tools": [${JSON.stringify(rule)}] in its profile, or cliai spawn … -- --allowedTools '${rule}'`,
  };
}

const byRule = "a rule of its settings refuses it";

function reasonOf(words: string, by: string | undefined): string {
  if (by === "mode" || /\bdon't ask mode\b/.test(words)) return "its permission mode asks nobody";
  if (by === "classifier") return 'the classifier of its mode "auto" refuses it';
  return /^Permission to use .* has been denied\.?$/s.test(words) ? byRule : "no rule allows it";
}

/** One command without quotes, variables or operators: what such a rule allows can be seen. */
const plainCommand = /^[\w./:=@+-]+(?: [\w./:=@+-]+)*$/;
const longestCommand = 100;

const CommandSchema = v.looseObject({ command: v.pipe(v.string(), v.maxLength(longestCommand)) });
const UrlSchema = v.looseObject({ url: v.pipe(v.string(), v.url()) });

/** The narrowest rule that is short enough to be read. */
function ruleOf(tool: string, input: unknown): string {
  if (tool === "Bash" && v.is(CommandSchema, input) && plainCommand.test(input.command)) {
    return `Bash(${input.command})`;
  }
  if (tool === "WebFetch" && v.is(UrlSchema, input)) {
    return `WebFetch(domain:${new URL(input.url).hostname})`;
  }
  return tool;
}

/** In the record: the result of a tool that Claude's own settings refused, and not a person or a hook. */
const RefusedResultSchema = v.looseObject({
  type: v.literal("user"),
  toolDenialKind: v.optional(v.fallback(v.string(), ""), ""),
  permissionDecision: v.looseObject({
    decision: v.literal("reject"),
    source: v.string(),
    reasonType: v.optional(v.fallback(v.optional(v.string()), undefined)),
  }),
  message: v.looseObject({
    content: v.array(
      v.looseObject({
        type: v.string(),
        tool_use_id: v.optional(v.string()),
        content: v.optional(v.unknown()),
      }),
    ),
  }),
});

/** The calls that a line of a session's record says were refused. */
export function readDeniedCalls(line: unknown): DeniedCall[] {
  const read = v.safeParse(RefusedResultSchema, line);
  if (!read.success) return [];
  const { permissionDecision, toolDenialKind, message } = read.output;
  const isByClassifier = toolDenialKind.startsWith("automode-");
  if (permissionDecision.source !== "config" && !isByClassifier) return [];
  return message.content.flatMap(({ type, tool_use_id, content }) =>
    type !== "tool_result" || tool_use_id === undefined
      ? []
      : [
          {
            toolUseId: tool_use_id,
            words: typeof content === "string" ? content : "",
            by: isByClassifier ? "classifier" : permissionDecision.reasonType,
          },
        ],
  );
}
