// Reads what the lines of a session's record show. The record is a file of JSON Lines that Claude Code writes while the session
// runs. The user's own hooks run beside ours, and may refuse a prompt or the end of a turn. So only the record tells whether the model was
// given a prompt, and whether a turn is over. Measured with 2.1.330, on a terminal.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import type { SessionSign } from "../../domain/hook.ts";
import { readTaskEnd } from "./claude-background.ts";
import { readCalls, readDeniedCalls } from "./claude-denials.ts";

const text = v.optional(v.fallback(v.optional(v.string()), undefined));
const list = v.optional(v.fallback(v.array(v.unknown()), []), []);
const flag = v.optional(v.fallback(v.boolean(), false), false);

const LineSchema = v.looseObject({
  type: v.string(),
  subtype: text,
  querySource: text,
  timestamp: text,
  content: v.optional(v.unknown()),
  isSidechain: flag,
  message: v.optional(v.fallback(v.looseObject({ model: text, content: v.optional(v.unknown()) }), {}), {}),
  promptSubmitEnding: v.optional(
    v.fallback(v.optional(v.looseObject({ ending: v.looseObject({ kind: text, reason: text }) })), undefined),
  ),
  hookErrors: list,
  hookAdditionalContext: list,
});
type Line = v.InferOutput<typeof LineSchema>;

const TextSchema = v.looseObject({ type: v.literal("text"), text: v.string() });

const CallSchema = v.looseObject({ type: v.literal("tool_use") });

/** The text in the content of a message of the model; undefined if it has none. */
export function wordsOf(content: unknown): string | undefined {
  const blocks = Array.isArray(content) ? content : [];
  const words = blocks.flatMap((block) => (v.is(TextSchema, block) ? block.text : [])).join("\n");
  return words === "" ? undefined : words;
}

function answerOf(content: unknown): SessionSign {
  const callsTool = Array.isArray(content) && content.some((block) => v.is(CallSchema, block));
  return { type: "answer", ...definedOf({ words: wordsOf(content) }), ...(callsTool ? { callsTool } : {}) };
}

/** The model's name in messages that the CLI itself writes, such as the text of an error. */
export const notTheModel = "<synthetic>";

/** Returns what a parsed line of the record shows, with the time of the line. Ignores lines of subagents. */
export function readRecordLine(line: unknown): readonly SessionSign[] {
  const read = v.safeParse(LineSchema, line);
  if (!read.success || read.output.isSidechain) return [];
  const { timestamp } = read.output;
  return signsOf(read.output, line).map((sign) => ({ ...sign, at: timestamp }));
}

function signsOf(read: Line, line: unknown): SessionSign[] {
  const { type, message, content } = read;
  switch (type) {
    case "user":
    case "attachment":
      // A prompt that is only queued has another type.
      return [
        { type: "taken", text: JSON.stringify(line) },
        ...readDeniedCalls(line).map((call) => ({ type: "denied" as const, ...call })),
        ...readCalls(line),
      ];
    case "assistant":
      return message.model === notTheModel ? [] : [answerOf(message.content), ...readCalls(line)];
    case "api-request":
      // Written when the request is made. Only these sources belong to the conversation; titles and summaries have others.
      return /^(repl_main_thread|sdk)/.test(read.querySource ?? "") ? [{ type: "answer" }] : [];
    case "queue-operation": {
      const id = typeof content === "string" ? readTaskEnd(content) : undefined;
      return id === undefined ? [] : [{ type: "background_end", id }];
    }
    case "system":
      return readSystemLine(read);
    default:
      return [];
  }
}

function readSystemLine({ subtype, content, promptSubmitEnding, ...stop }: Line): SessionSign[] {
  if (promptSubmitEnding !== undefined) {
    const { reason = "" } = promptSubmitEnding.ending;
    return [{ type: "refused", text: typeof content === "string" ? content : "", reason }];
  }
  if (subtype === "turn_duration") return [{ type: "turn_end" }];
  // Whether one of the user's hooks keeps the turn going: by an error, or by added context.
  const goesOn = stop.hookErrors.length > 0 || stop.hookAdditionalContext.length > 0;
  return subtype === "stop_hook_summary" && !goesOn ? [{ type: "turn_end" }] : [];
}
