// The tools of an ACP session: what is known of each call, put together from all that the agent tells of it, and the hooks that the host
// is told of it.
import { definedOf } from "../../domain/defined.ts";
import type { Hook } from "../../domain/hook.ts";
import { idFact, inputWords, shortFact } from "../../domain/text/fact-words.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import { isToolName } from "../../domain/wire/tools.ts";
import { type AcpCall, contentText } from "./acp-messages.ts";
import type { AcpRow } from "./acp-row.ts";

export interface ToolCall {
  readonly id: string;
  /** In the agent's own notation, or as cliai names its own tools. */
  readonly name: string;
  readonly isOwn: boolean;
  readonly title: string;
  readonly input: unknown;
  /** The call of the subagent that makes this one; undefined for the session itself. */
  readonly subagent: string | undefined;
}

/** The name by which the agent knows cliai's MCP server. */
export const ownServer = "cliai";

/** @param before what was known of the same call; undefined for a new one */
export function readCall(
  call: AcpCall,
  before: ToolCall | undefined,
  { toolNameOf, ownToolPrefix }: Pick<AcpRow, "toolNameOf" | "ownToolPrefix">,
): ToolCall {
  const title = call.title ?? before?.title ?? "";
  const told = toolNameOf(call);
  const hasPrefix = ownToolPrefix !== undefined && told?.startsWith(ownToolPrefix) === true;
  const own = hasPrefix ? told.slice(ownToolPrefix.length) : "";
  const isOwn = isToolName(own);
  const parent = call._meta.parentToolCallId;
  return {
    id: call.toolCallId,
    name: (isOwn ? own : told) ?? before?.name ?? kindOf(call) ?? (title === "" ? "a tool" : title),
    isOwn: told === undefined ? before?.isOwn === true : isOwn,
    title,
    input: inputOf(call) ?? before?.input,
    subagent: typeof parent === "string" ? parent : before?.subagent,
  };
}

/** The kind of the tool, which the agent sets; its model may write the title. */
function kindOf({ kind }: AcpCall): string | undefined {
  return kind === "other" ? undefined : kind;
}

/** Some agents tell the input as text in the content, before the call has run. Undefined if this message does not tell it. */
function inputOf({ rawInput, content, status }: AcpCall): unknown {
  if (typeof rawInput === "object" && rawInput !== null) {
    return Object.keys(rawInput).length === 0 ? undefined : rawInput;
  }
  if (content.length === 0 || status === "completed" || status === "failed") return undefined;
  const text = contentText(content);
  return text === "" ? { content } : (parseJsonLine(text) ?? { description: text });
}

export function callHook(
  kind: "tool_start" | "tool_end" | "tool_failed" | "permission" | "question",
  { id, name, isOwn, title, input, subagent }: ToolCall,
  { result, error }: { readonly result?: unknown; readonly error?: string } = {},
): Hook {
  const words = inputWords(input) ?? (title === "" ? undefined : title);
  const detail = kind === "tool_failed" ? (error ?? "it has failed") : words;
  return {
    facts: {
      kind,
      ...{ tool: shortFact(name), tool_use_id: idFact(id) },
      ...definedOf({ detail: shortFact(detail), subagent: subagent && idFact(subagent) }),
    },
    tool: { name, input, result, isOwn },
    isSubagent: subagent !== undefined,
  };
}
