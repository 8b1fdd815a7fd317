// Runs the calls of the model: finds the tool, asks for permission, and shows the client each step.
import { messageOf } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import type { OfferedTool } from "./model/chat-messages.ts";
import type { ReadCall } from "./model/read-calls.ts";
import { needsPermission, type PermissionMode } from "./permission.ts";
import type { LoopTool, ToolResult } from "./tools/loop-tool.ts";

/** `always`: for this tool until the session ends. `cancelled`: the turn is cancelled meanwhile. */
export type Permission = "once" | "always" | "refused" | "cancelled";

/** What a client is told of one call. `id` is unique in the session. */
export interface ShownCall {
  readonly id: string;
  readonly tool: LoopTool;
  readonly title: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The client, as far as tools go. */
export interface ToolsOut {
  /** Whether the client wants to be asked before every tool, so that it can hold each call. */
  readonly holdsTools: boolean;
  readonly begins: (call: ShownCall, isAsking: boolean) => void;
  /** The call has its permission. */
  readonly runs: (call: ShownCall) => void;
  readonly ends: (call: ShownCall, result: ToolResult) => void;
  /** Rejects if the client cannot be asked. @param needsPerson false if the client may let the call go on without a person */
  readonly ask: (call: ShownCall, needsPerson: boolean, signal: AbortSignal) => Promise<Permission>;
}

export interface ToolDesk {
  readonly names: readonly string[];
  readonly offered: readonly OfferedTool[];
  /** Resolves with the result, whatever is wrong with the call. Rejects only with the signal's reason. */
  run(call: ReadCall, signal: AbortSignal): Promise<ToolResult>;
}

const refusedWords =
  "error: a person has refused this call. Do not make it again; go on without it, or end your work.";

export function createToolDesk(
  tools: readonly LoopTool[],
  out: ToolsOut,
  mode: () => PermissionMode,
): ToolDesk {
  const names = tools.map(({ name }) => name);
  const allowed = new Set<string>();
  let count = 0;

  async function runShown(call: ShownCall, signal: AbortSignal): Promise<ToolResult> {
    const { tool, input } = call;
    const needsPerson = needsPermission(tool, mode(), allowed);
    const isAsking = needsPerson || out.holdsTools;
    out.begins(call, isAsking);
    if (isAsking) {
      const permission = await out.ask(call, needsPerson, signal);
      signal.throwIfAborted();
      if (permission === "always") allowed.add(tool.name);
      if (permission === "refused" || permission === "cancelled")
        return { text: refusedWords, isError: true };
      out.runs(call);
    }
    return await tool.run(input, signal);
  }

  return {
    names,
    offered: tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    async run({ name, arguments: input }, signal) {
      const tool = tools.find((each) => each.name === name);
      if (tool === undefined) return { text: unknownTool(name, names), isError: true };
      if (typeof input === "string")
        return { text: `error: the arguments of ${name} are no JSON object`, isError: true };
      count += 1;
      const call = {
        id: `call_${count}_${crypto.randomUUID().slice(0, 8)}`,
        tool,
        title: tool.title(input),
        input,
      };
      const result = await runShown(call, signal).catch((error: unknown) => ({
        text: signal.aborted ? "[This call was interrupted.]" : `error: ${messageOf(error)}`,
        isError: true,
      }));
      out.ends(call, result);
      signal.throwIfAborted();
      return result;
    },
  };
}

function unknownTool(name: string, names: readonly string[]): string {
  const near = didYouMean(name, names);
  return `error: there is no tool "${name}"; ${near === undefined ? "" : `${near}; `}the tools are ${names.join(", ")}`;
}
