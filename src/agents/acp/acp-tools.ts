// The tools of an ACP session. `readCall` puts together what the agent has told of a call; `callHook` makes the hook by which the host hears of
// the call.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { textsIn } from "../../domain/files/changed-files.ts";
import type { Hook } from "../../domain/hook.ts";
import { idFact, inputWords, shortFact } from "../../domain/text/fact-words.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import { isToolName } from "../../domain/wire/tools/tools.ts";
import { type AcpCall, contentText } from "./acp-messages.ts";
import type { AcpRow } from "./acp-row.ts";

export interface ToolCall {
  readonly id: string;
  /** In the agent's own notation, or as cliai names its own tools. */
  readonly name: string;
  readonly isOwn: boolean;
  readonly title: string;
  readonly input: unknown;
  /** ACP's kind of the tool, such as `edit`; undefined if the agent has told none. */
  readonly kind?: string | undefined;
  /** The files that it changes. */
  readonly files?: readonly string[];
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
  const kind = call.kind ?? before?.kind;
  return {
    id: call.toolCallId,
    name: (isOwn ? own : told) ?? before?.name ?? kindOf(call) ?? (title === "" ? "a tool" : title),
    isOwn: told === undefined ? before?.isOwn === true : isOwn,
    title,
    input: inputOf(call) ?? before?.input,
    kind,
    files: changingKinds.has(kind ?? "") ? [...new Set([...(before?.files ?? []), ...filesOf(call)])] : [],
    subagent: typeof parent === "string" ? parent : before?.subagent,
  };
}

const changingKinds: ReadonlySet<string> = new Set(["edit", "delete", "move"]);
const PathSchema = v.looseObject({ path: v.string() });

/** The files that the agent names with a call that changes files: as the places where it works, in a diff, or in the input. */
function filesOf({ locations = [], content, rawInput }: AcpCall): string[] {
  const named = [...locations, ...content].flatMap((each) => (v.is(PathSchema, each) ? each.path : []));
  return [
    ...named,
    ...textsIn(rawInput, ["file_path", "filePath", "path", "notebook_path", "absolute_path"]),
  ];
}

/** The kind of the tool, which the agent sets; its model may write the title. */
function kindOf({ kind }: AcpCall): string | undefined {
  return kind === "other" ? undefined : kind;
}

/** Undefined if this message does not tell the input. */
function inputOf(call: AcpCall): unknown {
  const { rawInput, content, status, title, kind } = call;
  if (typeof rawInput === "object" && rawInput !== null) {
    return Object.keys(rawInput).length === 0 ? undefined : rawInput;
  }
  // After the start, the content is what the tool has put out.
  if (content.length === 0 || status === "completed" || status === "failed") return undefined;
  const text = contentText(content);
  const input = parseJsonLine(text);
  if (typeof input === "object" && input !== null) return input;
  // A person who is asked for a permission must see all that the agent tells. Gemini CLI tells a command by the title.
  const whole = { [kind === "execute" ? "command" : "title"]: title };
  // No field `description`: of a shell's tool it is taken for words about the command, which no standing rule compares.
  return { ...whole, content: content.every((each) => contentText([each]) !== "") ? text : content };
}

export function callHook(
  kind: "tool_start" | "tool_end" | "tool_failed" | "permission" | "question",
  { id, name, isOwn, title, input, files = [], subagent }: ToolCall,
  { result, error }: { readonly result?: unknown; readonly error?: string } = {},
): Hook {
  // The title of a call without input often is the name of the tool.
  const words = inputWords(input) ?? (isOwn || title === "" || title === name ? undefined : title);
  const detail = kind === "tool_failed" ? (error ?? "it has failed") : words;
  return {
    facts: {
      kind,
      ...{ tool: shortFact(name), tool_use_id: idFact(id) },
      ...definedOf({ detail: shortFact(detail), subagent: subagent && idFact(subagent) }),
    },
    tool: { name, input, result, isOwn, ...(files.length === 0 ? {} : { files }) },
    isSubagent: subagent !== undefined,
  };
}
