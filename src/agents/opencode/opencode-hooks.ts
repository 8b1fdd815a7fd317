// The one hook that OpenCode sends to the host: `gate-plugin.js` asks before each tool. OpenCode's events tell what else the session does.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { type ChangingTools, changedFiles } from "../../domain/files/changed-files.ts";
import type { Hook, HookAnswer } from "../../domain/hook.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { idFact, inputWords, shortFact } from "../../domain/text/fact-words.ts";
import type { HookTranslation } from "../session-cli.ts";
import { ownToolName } from "./opencode-tools.ts";

const GateSchema = v.looseObject({
  type: v.literal("tool_start"),
  ...{ tool: v.string(), callID: v.string() },
  /** The session of the subagent that calls the tool; absent for the session itself. */
  subagent: v.optional(v.string()),
  args: v.optional(v.unknown()),
});

export const opencodeHooks: HookTranslation = {
  read(payload) {
    const read = v.safeParse(GateSchema, payload);
    if (!read.success) throw new CliaiError("message_invalid", "this is not a hook of OpenCode");
    const { tool, callID, subagent, args } = read.output;
    return toolHook("tool_start", { name: tool, id: callID, input: args }, subagent);
  },
  buildAnswer(_hook: Hook, answer: HookAnswer) {
    return answer.type === "deny" ? { deny: answer.reason } : {};
  },
};

const changingTools: ChangingTools = { edit: ["filePath"], write: ["filePath"], apply_patch: "patch" };

export interface OpencodeCall {
  readonly name: string;
  readonly id: string;
  readonly input: unknown;
  readonly result?: unknown;
  readonly error?: string | undefined;
}

export function toolHook(
  kind: "tool_start" | "tool_end" | "tool_failed",
  { name, id, input, result, error }: OpencodeCall,
  subagent: string | undefined,
): Hook {
  const own = ownToolName(name);
  const detail = shortFact(kind === "tool_failed" ? (error ?? "") : inputWords(input));
  return {
    facts: {
      kind,
      ...{ tool: shortFact(name), tool_use_id: idFact(id) },
      ...definedOf({ detail, subagent: subagent && idFact(subagent) }),
    },
    tool: {
      ...{ name: own ?? name, input, result, isOwn: own !== undefined },
      files: changedFiles(changingTools, name, input),
    },
    isSubagent: subagent !== undefined,
  };
}
