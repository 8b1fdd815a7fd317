// Decides the answer to each hook of the CLI: from the gate, from whoever approves, and with the texts that wait for the session.
import type { Hook, HookAnswer, HookTool } from "../../domain/hook.ts";
import { mayCall } from "../../domain/wire/tools/tool-rules.ts";
import { isToolName } from "../../domain/wire/tools/tools.ts";
import type { Approvals } from "../approvals.ts";
import type { SessionFiles } from "../files/session-files.ts";
import type { HookMoment, HookRoute } from "../routes/hook-route.ts";
import type { Gate } from "../steer/gate.ts";
import type { HeldCalls } from "../steer/held-calls.ts";

export interface HookAnswersOptions {
  readonly gate: Gate;
  readonly heldCalls: Pick<HeldCalls, "ask">;
  readonly approvals: Approvals;
  readonly files: Pick<SessionFiles, "deny">;
  readonly hookRoute: HookRoute;
  readonly isStopping: () => boolean;
}

/**
 * @param signal aborts when the CLI no longer waits for the answer
 * @param onDecided is called with what was decided about a permission or a question, before a pause holds it
 */
export type AnswerHook = (
  hook: Hook,
  signal?: AbortSignal,
  onDecided?: (answer: HookAnswer) => void,
) => Promise<HookAnswer>;

export function createHookAnswers({
  gate,
  heldCalls,
  approvals,
  files,
  hookRoute,
  isStopping,
}: HookAnswersOptions): AnswerHook {
  const told = (moment: HookMoment): HookAnswer => {
    const text = hookRoute.take(moment);
    return text === undefined ? { type: "go" } : { type: "add", text };
  };
  const isShutTo = ({ tool }: Hook) => gate.isShut() && !onlyReports(tool);
  const toolStart: AnswerHook = async (hook, signal) =>
    gate.isShut() && !isShutTo(hook)
      ? { type: "go" }
      : await gate.pass(signal, hook.waitsLong === true ? Number.POSITIVE_INFINITY : undefined);
  /** What is reserved is looked up before a pause, so that nothing is asked about the call, and after it, because it may have changed. */
  const beforeTool: AnswerHook = async (hook, signal) => {
    const answer = files.deny(hook) ?? heldCalls.ask(hook) ?? (await toolStart(hook, signal));
    return answer.type === "go" ? (files.deny(hook) ?? answer) : answer;
  };
  /** Asks the gate again after a permission was given, because the gate may have been paused or shut in the meantime. */
  const permission: AnswerHook = async (hook, signal, onDecided) => {
    const answer = isShutTo(hook) ? undefined : await approvals.permission(hook, signal);
    if (answer !== undefined && signal?.aborted !== true) onDecided?.(answer);
    if (answer?.type === "forbid" || (answer?.type === "go" && !isShutTo(hook))) return answer;
    const passed = await toolStart(hook, signal);
    return passed.type === "deny" ? { type: "forbid", reason: passed.reason } : (answer ?? passed);
  };
  const turnEnd: AnswerHook = async (hook, signal) => {
    if (isStopping()) return { type: "go" };
    const text = hookRoute.take("end");
    if (text !== undefined) return { type: "hold_back", reason: text };
    const answer = await approvals.mayEnd(hook, signal);
    return isStopping() ? { type: "go" } : answer;
  };

  return async (hook, signal, onDecided) => {
    switch (hook.facts.kind) {
      case "tool_start":
        return await beforeTool(hook, signal);
      case "tool_end":
      case "tool_failed":
        approvals.noteTool(hook);
        return hook.isSubagent ? { type: "go" } : told("tool");
      case "prompt":
        approvals.notePrompt();
        return told("prompt");
      case "permission":
      case "question":
        return await permission(hook, signal, onDecided);
      case "turn_end":
        return await turnEnd(hook, signal);
      default:
        return { type: "go" };
    }
  };
}

/** Whether it is a tool of cliai's that every agent has. The tools that only a captain has do not count, because they change what other agents do. */
function onlyReports(tool: HookTool | undefined): boolean {
  const name = tool?.name.split("__").at(-1) ?? "";
  return tool?.isOwn === true && isToolName(name) && mayCall("agent", name);
}
