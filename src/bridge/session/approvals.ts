// What a session may not decide alone: its end, where its profile says so, and the permissions that its CLI asks for. Each is
// a request to a captain or a person, through the server; never given by silence.
import * as v from "valibot";
import type { Hook, HookAnswer } from "../../domain/hook.ts";
import type { ToolCaller, ToolOutcome } from "../tool-call.ts";

/** A profile's policy for the end of the agent's turns. */
export interface StopApproval {
  /** How long an answer is waited for. */
  readonly waitS: number;
  /** What happens without one: the turn ends, or goes on. */
  readonly unanswered: "end" | "go_on";
}

export interface ApprovalsOptions {
  readonly call: ToolCaller;
  readonly stopApproval: StopApproval | undefined;
  /** Who answers the CLI's permission requests: itself, or whoever answers the inbox. */
  readonly permissions: "cli" | "inbox";
  readonly permissionWaitS: number;
}

export interface Approvals {
  mayEnd(hook: Hook): Promise<HookAnswer>;
  permission(hook: Hook): Promise<HookAnswer>;
  /** A tool of the agent has ended: the model may have asked for itself. */
  noteTool(hook: Hook): void;
  /** The session is over: nobody waits for an answer any more. */
  stop(): void;
}

const AnswerSchema = v.object({
  approved: v.optional(v.boolean()),
  by: v.optional(v.string()),
  answer: v.optional(v.string()),
});
type ReadAnswer = v.InferOutput<typeof AnswerSchema>;

const stopTool = "request_stop_approval";
const longestInput = 200_000;

export function createApprovals(options: ApprovalsOptions): Approvals {
  const { call, stopApproval, permissions, permissionWaitS } = options;
  const ending = new AbortController();
  let isApproved = false;

  const ask = async (...[name, args]: [Parameters<ToolCaller>[0], Record<string, unknown>]) =>
    readAnswer(await call(name, args, ending.signal));
  const unanswered = ({ unanswered }: StopApproval, hook: Hook): HookAnswer =>
    unanswered === "end" || hook.isHeldBack === true
      ? { type: "go" }
      : { type: "hold_back", reason: "Nobody has answered whether you may stop: go on, or ask again later." };

  return {
    async mayEnd(hook) {
      if (stopApproval === undefined || isApproved) {
        isApproved = false;
        return { type: "go" };
      }
      const { waitS } = stopApproval;
      const answer = await ask(stopTool, {
        reason: "it is about to end its turn",
        context: (hook.lastWords ?? "").slice(0, 20_000),
        work_completed: "",
        wait_s: waitS,
        expires_s: Math.max(1, waitS),
      });
      if (answer?.approved === true) return { type: "go" };
      if (answer?.approved === undefined || answer.by === "policy") return unanswered(stopApproval, hook);
      return { type: "hold_back", reason: answer.answer ?? "Your stop is refused: go on." };
    },
    async permission({ tool }) {
      if (permissions === "cli" || tool === undefined) return { type: "go" };
      const input = JSON.stringify(tool.input ?? null, null, 2);
      if (input.length > longestInput)
        return { type: "forbid", reason: "The input is too long to be shown to a person." };
      const answer = await ask("request_permission", {
        tool: tool.name,
        input,
        wait_s: permissionWaitS,
        expires_s: permissionWaitS,
      });
      // The server is away: the CLI asks whoever sits before it, and without a terminal denies.
      if (answer?.approved === undefined) return { type: "go" };
      return answer.approved
        ? { type: "permit" }
        : { type: "forbid", reason: answer.answer ?? "The permission is refused." };
    },
    noteTool({ tool }) {
      if (tool?.isOwn !== true || !tool.name.endsWith(stopTool)) return;
      isApproved = /"approved":\s*true/.test(JSON.stringify(tool.result ?? "").replaceAll("\\", ""));
    },
    stop: () => ending.abort(),
  };
}

/** Undefined where the server gave none: it was away, or nobody answered in time. */
function readAnswer({ isError, result }: ToolOutcome): ReadAnswer | undefined {
  const read = v.safeParse(AnswerSchema, result);
  return !isError && read.success ? read.output : undefined;
}
