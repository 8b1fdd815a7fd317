// Reads which tool calls Claude Code itself did not run, and describes why its own rules refused one, and what would allow it. A headless
// session tells a refusal by `permission_denied` in its stream, a session on a terminal in its record. Measured with 2.1.330.
import * as v from "valibot";
import type { DeniedCall, HookTool, SessionSign, ToolDenial } from "../../domain/hook.ts";
import { redact } from "../../domain/text/redact.ts";

export function describeDenial(
  { name: tool, input }: Pick<HookTool, "name" | "input">,
  { words, by }: Pick<DeniedCall, "words" | "by">,
): ToolDenial {
  const detail = reasonOf(words, by);
  if (detail === byRule) {
    return {
      detail,
      remedy: `remove the rule for ${tool} from permissions.deny in its settings`,
    };
  }
  const narrow = ruleOf(tool, input);
  // Do not suggest a rule that contains a secret.
  const rule = redact(narrow) === narrow ? narrow : tool;
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

/** One command without quotes, variables and operators, so that a person can see what a rule with it allows. */
const plainCommand = /^[\w./:=@+-]+(?: [\w./:=@+-]+)*$/;
const longestCommand = 100;

const CommandSchema = v.looseObject({ command: v.pipe(v.string(), v.maxLength(longestCommand)) });
const UrlSchema = v.looseObject({ url: v.pipe(v.string(), v.url()) });

/** The narrowest rule that allows the call and is short enough to read. */
function ruleOf(tool: string, input: unknown): string {
  if (tool === "Bash" && v.is(CommandSchema, input) && plainCommand.test(input.command)) {
    return `Bash(${input.command})`;
  }
  if (tool === "WebFetch" && v.is(UrlSchema, input)) {
    return `WebFetch(domain:${new URL(input.url).hostname})`;
  }
  return tool;
}

/** A line of the record with the result of a refused tool call. Its `source` says who refused it; `config` is Claude's own settings. */
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

/** Returns the calls that were refused, according to a line of a session's record. */
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

const ContentSchema = v.looseObject({ message: v.looseObject({ content: v.array(v.unknown()) }) });
const CallSchema = v.looseObject({ type: v.literal("tool_use"), id: v.string(), name: v.string() });
/**
 * How Claude tells its model that it has not run a call, such as one with wrong arguments, of an unknown tool, or with a command that it
 * blocks. It calls no hook for such a call.
 */
const NotRunSchema = v.looseObject({
  type: v.literal("tool_result"),
  tool_use_id: v.string(),
  is_error: v.literal(true),
  content: v.pipe(v.string(), v.startsWith("<tool_use_error>")),
});

/** Returns the calls that a line of the stream or of the record begins, and those that were not run. */
export function readCalls(line: unknown): SessionSign[] {
  const read = v.safeParse(ContentSchema, line);
  if (!read.success) return [];
  return read.output.message.content.flatMap((block): SessionSign[] => {
    if (v.is(CallSchema, block)) return [{ type: "called", toolUseId: block.id, tool: block.name }];
    if (!v.is(NotRunSchema, block)) return [];
    const words = block.content.replaceAll(/<\/?tool_use_error>/g, "");
    return [{ type: "not_run", toolUseId: block.tool_use_id, words }];
  });
}
