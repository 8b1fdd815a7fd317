// What a session may not decide alone: its end, where its profile says so, and the permissions that its CLI asks for. Each is
// a request to a captain or a person, through the server; never given by silence.
import * as v from "valibot";
import { messageOf } from "../../domain/errors.ts";
import type { Hook, HookAnswer } from "../../domain/hook.ts";
import type { ToolName } from "../../domain/tools.ts";
import type { Logger } from "../../log.ts";
import { pause } from "../pause.ts";
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
  /** Makes the ids of calls. */
  readonly createId: () => string;
  readonly log: Logger;
}

/** Once the signal of a hook aborts, nobody waits for the answer any more, and the request is taken back. */
export interface Approvals {
  mayEnd(hook: Hook, signal?: AbortSignal): Promise<HookAnswer>;
  permission(hook: Hook, signal?: AbortSignal): Promise<HookAnswer>;
  /** A tool of the agent has ended: the model may have asked for itself. */
  noteTool(hook: Hook): void;
  /** New words came: an approval was of what had been done by then. */
  notePrompt(): void;
  /** Nothing is asked any more. Resolves when what was asked is taken back, or it took too long. */
  stop(): Promise<void>;
}

const AnswerSchema = v.object({
  approved: v.optional(v.boolean()),
  by: v.optional(v.string()),
  answer: v.optional(v.string()),
});
type ReadAnswer = v.InferOutput<typeof AnswerSchema>;

const stopTool = "request_stop_approval";
const longestInput = 200_000;
/** The call itself may be on its way to the server still. */
const withdrawTries = 3;
const withdrawAgainMs = 500;
const withdrawWithinMs = 1_500;

export function createApprovals(options: ApprovalsOptions): Approvals {
  const { call, stopApproval, permissions, permissionWaitS, createId, log } = options;
  const ending = new AbortController();
  const asking = new Set<Promise<unknown>>();
  const withdrawals = new Set<Promise<unknown>>();
  let isApproved = false;

  const withdraw = async (callId: string) => {
    const signal = AbortSignal.timeout(withdrawWithinMs);
    for (let tries = 1; !signal.aborted; tries += 1) {
      try {
        const { isError } = await call("withdraw_request", { request_id: callId }, signal);
        if (!isError || tries === withdrawTries) break; // over by now: decided, or never asked
      } catch (error) {
        log.debug(`taking back ${callId}: ${messageOf(error)}`);
      }
      await pause(withdrawAgainMs, signal);
    }
  };
  const askUntil = async (name: ToolName, args: Record<string, unknown>, over: AbortSignal) => {
    const callId = createId();
    try {
      return readAnswer(await call(name, args, over, callId));
    } catch (error) {
      if (!over.aborted) throw error;
      void keep(withdrawals, withdraw(callId));
      return undefined;
    }
  };
  /** Undefined where there is no answer: nobody gave one in time, or nobody waits for it any more. */
  const ask = async (name: ToolName, args: Record<string, unknown>, signal: AbortSignal | undefined) => {
    const over = new AbortController();
    const abort = () => over.abort();
    const signals = [ending.signal, ...(signal === undefined ? [] : [signal])];
    if (signals.some(({ aborted }) => aborted)) return undefined;
    for (const each of signals) each.addEventListener("abort", abort, { once: true });
    try {
      return await keep(asking, askUntil(name, args, over.signal));
    } finally {
      for (const each of signals) each.removeEventListener("abort", abort);
    }
  };
  const unanswered = ({ unanswered }: StopApproval, hook: Hook): HookAnswer =>
    unanswered === "end" || hook.isHeldBack === true
      ? { type: "go" }
      : { type: "hold_back", reason: "Nobody has answered whether you may stop: go on, or ask again later." };

  return {
    async mayEnd(hook, signal) {
      if (stopApproval === undefined || isApproved) {
        isApproved = false;
        return { type: "go" };
      }
      const { waitS } = stopApproval;
      const context = (hook.lastWords ?? "").slice(0, 20_000);
      const without = stopApproval.unanswered === "end" ? "it ends" : "it goes on";
      const reason = `it is about to end its turn; without an answer ${without}`;
      const words = { reason, context, work_completed: "" };
      const answer = await ask(stopTool, { ...words, wait_s: waitS, expires_s: Math.max(1, waitS) }, signal);
      if (answer?.approved === true) return { type: "go" };
      if (answer?.approved === undefined || answer.by === "policy") return unanswered(stopApproval, hook);
      return { type: "hold_back", reason: answer.answer ?? "Your stop is refused: go on." };
    },
    async permission({ tool }, signal) {
      if (permissions === "cli" || tool === undefined) return { type: "go" };
      const input = JSON.stringify(tool.input ?? null, null, 2);
      if (input.length > longestInput)
        return { type: "forbid", reason: "The input is too long to be shown to a person." };
      const waiting = { wait_s: permissionWaitS, expires_s: permissionWaitS };
      const answer = await ask("request_permission", { tool: tool.name, input, ...waiting }, signal);
      // The server is away: the CLI asks whoever sits before it, and without a terminal denies.
      if (answer?.approved === undefined) return { type: "go" };
      return answer.approved
        ? { type: "permit" }
        : { type: "forbid", reason: answer.answer ?? "The permission is refused." };
    },
    noteTool({ tool }) {
      if (tool?.isOwn !== true || tool.name.split("__").at(-1) !== stopTool) return;
      isApproved = /"approved":\s*true/.test(JSON.stringify(tool.result ?? "").replaceAll("\\", ""));
    },
    notePrompt() {
      isApproved = false;
    },
    async stop() {
      ending.abort();
      await Promise.allSettled(asking);
      await Promise.allSettled(withdrawals);
    },
  };
}

/** Remembers what is not over yet. */
function keep<T>(set: Set<Promise<unknown>>, promise: Promise<T>): Promise<T> {
  set.add(promise);
  const forget = () => void set.delete(promise);
  promise.then(forget, forget);
  return promise;
}

/** Undefined where the server gave none: it was away, or nobody answered in time. */
function readAnswer({ isError, result }: ToolOutcome): ReadAnswer | undefined {
  const read = v.safeParse(AnswerSchema, result);
  return !isError && read.success ? read.output : undefined;
}
