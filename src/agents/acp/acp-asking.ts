// The permission requests of an ACP agent. Each becomes two hooks for the host: first `tool_start`, at which the host holds the call while the
// agent is paused; then `permission`, which a person or a captain decides. cliai's own tools need no permission.
import type { Hook, HookAnswer } from "../../domain/hook.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { SessionPipes } from "../live-session.ts";
import type { AcpCalls } from "./acp-calls.ts";
import type { AcpPermission } from "./acp-messages.ts";
import { cancelled, type Grant, grantOf, refusalOf, selected } from "./acp-options.ts";
import { questionAnswers, questionHook } from "./acp-questions.ts";
import type { AcpRow } from "./acp-row.ts";
import { callHook, type ToolCall } from "./acp-tools.ts";

export interface AcpAsking {
  /** Resolves with the answer in ACP's form. */
  answer(asked: AcpPermission): Promise<object>;
  /** The turn is cut off or over: answers every open request with `cancelled`. */
  withdrawAll(): void;
}

export interface AcpAskingOptions extends Pick<SessionPipes, "onHook" | "log"> {
  readonly row: Pick<AcpRow, "needsPerson">;
  readonly calls: Pick<AcpCalls, "asked" | "refused">;
  /** The session itself asks, not a subagent, so its model has answered. Some agents tell nothing of a tool call before they ask. */
  readonly onAsked: () => void;
  /** A request was refused. ACP's answer has no place for the reason, so the reason goes to the model with the next prompt. */
  readonly onRefused: (refusal: Refusal) => void;
}

export interface Refusal {
  readonly call: ToolCall;
  readonly reason: string;
  /** Whether a person, a captain or a policy has refused the permission. If not, the agent is paused or being stopped. */
  readonly isForbidden: boolean;
}

const noWayToAllow = "its request offers no answer that allows only this call, so the call is refused.";
const nobodyThere =
  "Nobody can be asked in this session, so it is refused. Go on without it where you can, and say what you need.";

export function createAcpAsking({
  row,
  onHook,
  log,
  calls,
  onAsked,
  onRefused,
}: AcpAskingOptions): AcpAsking {
  const open = new Set<AbortController>();
  const refuse = (asked: AcpPermission, call: ToolCall, reason: string, isForbidden: boolean) => {
    // If the call is forbidden, the host knows already that it has started, so the host is also told that it ends.
    if (!isForbidden) calls.refused(call.id);
    onRefused({ call, reason, isForbidden });
    return refusalOf(asked);
  };
  const decide = async (asked: AcpPermission, signal: AbortSignal): Promise<object> => {
    const call = calls.asked(asked.toolCall);
    if (call.subagent === undefined) onAsked();
    const asking = questionHook(call, asked.toolCall);
    const question = asking && waiting(asking);
    const grant = grantOf(asked);
    if (question === undefined) {
      const start = await onHook(waiting(callHook("tool_start", call)), signal);
      if (signal.aborted) return cancelled;
      if (start.type === "deny") return refuse(asked, call, start.reason, false);
      const needsNobody = call.isOwn || row.needsPerson?.(asked) === false;
      if (needsNobody && grant?.isOnce === true) return selected(grant);
    }
    if (grant === undefined || (question !== undefined && !grant.isOnce))
      return refuse(asked, call, noWayToAllow, true);
    const answer: HookAnswer = await onHook(question ?? permissionHook(call, grant), signal);
    if (signal.aborted) return cancelled;
    if (answer.type === "permit") return selected(grant);
    if (answer.type === "answer") return { ...selected(grant), ...questionAnswers(answer.answers) };
    const isForbidden = answer.type === "forbid" || answer.type === "deny";
    return refuse(asked, call, isForbidden ? answer.reason : nobodyThere, true);
  };
  return {
    async answer(asked) {
      const over = new AbortController();
      open.add(over);
      try {
        return await decide(asked, over.signal);
      } catch (error) {
        log.warn(`the answer to a permission request: ${messageOf(error)}`);
        return cancelled;
      } finally {
        open.delete(over);
      }
    },
    withdrawAll() {
      for (const over of open) over.abort();
    },
  };
}

/** An agent that speaks ACP waits for this answer without a limit, so the host can hold the call for as long as a pause lasts. */
function waiting(hook: Hook): Hook {
  return { ...hook, waitsLong: true };
}

function permissionHook(call: ToolCall, { isOnce, words }: Grant): Hook {
  const hook = waiting(callHook("permission", call));
  return isOnce || hook.tool === undefined ? hook : { ...hook, tool: { ...hook.tool, grants: words } };
}
