// Asks a captain or a person to decide what a session may not decide alone. This is the end of a turn (if the profile says so), and
// what the CLI asks its user: permissions, plans, questions. Each becomes a request. Silence never grants one.
import type { Hook, HookAnswer, HookTool } from "../domain/hook.ts";
import { mostWaitS } from "../domain/wire/tools/tool-definition.ts";
import { pause } from "../waiting.ts";
import { type Asking, type AskingOptions, createAsking, type ReadAnswer } from "./asking.ts";
import { createPatientAsking, type Unanswered } from "./patient-asking.ts";

/** A profile's policy for the end of the agent's turns. */
export interface StopApproval {
  /** How long to wait for an answer. */
  readonly waitS: number;
  /** What happens if nobody answers: the turn ends, or goes on. */
  readonly unanswered: "end" | "go_on";
}

export interface ApprovalsOptions extends AskingOptions {
  readonly stopApproval: StopApproval | undefined;
  /** Who answers what the CLI asks its user: the person at its terminal (`cli`), or the people's inbox (`inbox`). */
  readonly permissions: "cli" | "inbox";
  readonly unanswered: Unanswered;
  /** How long the hook of a dialog is held at most (`createTerminalWatch`). Must be less than the CLI waits for its hook. Default an hour. */
  readonly holdMs?: number;
}

/** When the signal of a hook aborts, the CLI no longer waits for the answer, so the request is withdrawn. */
export interface Approvals extends Pick<Asking, "stop"> {
  mayEnd(hook: Hook, signal?: AbortSignal): Promise<HookAnswer>;
  /** Asks for a permission, or for answers to the questions that the tool asks its user. */
  permission(hook: Hook, signal?: AbortSignal): Promise<HookAnswer>;
  /**
   * Call this if the CLI has a terminal and runs on when the terminal is closed. Once it is closed, dialogs go to the inbox instead.
   * @param isBeside whether the terminal shows a dialog while the hook of the dialog waits for the answer, so that the hook can be held
   */
  watchTerminal(whenClosed: Promise<void>, isBeside: boolean): void;
  /** A tool call has ended. If it was our `request_stop_approval`, remembers whether the stop was approved. */
  noteTool(hook: Hook): void;
  /** A prompt came. Forgets an earlier approval, because it covered only the work done until then. */
  notePrompt(): void;
}

const stopTool = "request_stop_approval";
const longestInput = 200_000;
const longestGrant = 300;
/** A call waits this much longer than its request is open, so that the server can still answer how the request ended. */
const longerThanItStandsS = 5;

export function createApprovals(options: ApprovalsOptions): Approvals {
  const { stopApproval, permissions, unanswered: silence, createId } = options;
  const asking = createAsking(options);
  const patient = createPatientAsking(asking, silence.policy, createId);
  const terminal = createTerminalWatch(options.holdMs ?? defaultHoldMs);
  let isApproved = false;

  const unanswered = ({ unanswered }: StopApproval, hook: Hook): HookAnswer =>
    unanswered === "end" || hook.isHeldBack === true
      ? { type: "go" }
      : { type: "hold_back", reason: "Nobody has answered whether you may stop: go on, or ask again later." };
  const held = silence.policy === "hold" ? { held: true } : {};
  const waiting = { ...standsFor(silence.afterS), ...held };
  const permit = async ({ name, input, plan, grants }: HookTool, signal: AbortSignal | undefined) => {
    const shown = plan === undefined ? JSON.stringify(input ?? null, null, 2) : plan;
    if (shown.length > longestInput) return forbid("The input is too long to be shown to a person.");
    const tool = grants === undefined ? name : `${name} ${moreThanOnce(grants)}`;
    const asked = { tool, input: shown, ...(plan === undefined ? {} : { plan: true }), ...waiting };
    const answer = await patient.ask("request_permission", asked, signal);
    // The server is away: let the CLI ask at its terminal. Without a terminal it denies.
    if (answer?.approved === undefined) return go;
    if (answer.approved) return { type: "permit", takes: answer.takes } as const;
    if (answer.by === "policy") return forbid(nobodyPermitted(name, waiting.expires_s), answer);
    return forbid(answer.answer ?? "The permission is refused.", answer);
  };
  const askUser = async (questions: NonNullable<HookTool["questions"]>, signal: AbortSignal | undefined) => {
    if (questions.length === 0) return go;
    const answer = await patient.ask("request_answers", { questions, ...waiting }, signal);
    if (answer === undefined) return go;
    if (answer.answers === undefined) return forbid(nobodyAnswered(waiting.expires_s), answer);
    return { type: "answer", answers: answer.answers, takes: answer.takes } as const;
  };

  return {
    async mayEnd(hook, signal) {
      if (stopApproval === undefined || isApproved) {
        isApproved = false;
        return go;
      }
      const { waitS } = stopApproval;
      const context = (hook.lastWords ?? "").slice(0, 20_000);
      const without = stopApproval.unanswered === "end" ? "it ends" : "it goes on";
      const reason = `it is about to end its turn; without an answer ${without}`;
      const answer = await asking.ask("request_turn_end", { reason, context, ...standsFor(waitS) }, signal);
      if (answer?.approved === true) return { type: "go", takes: answer.takes };
      if (answer?.approved === undefined || answer.by === "policy") {
        return { ...unanswered(stopApproval, hook), takes: answer?.takes };
      }
      const { takes } = answer;
      return { type: "hold_back", reason: answer.answer ?? "Your stop is refused: go on.", takes };
    },
    async permission({ tool, isSubagent, facts }, signal): Promise<HookAnswer> {
      if (tool === undefined) return go;
      // A subagent in the background shows its dialog only after the hook was answered. Without the id of the call, nothing would tell
      // when the dialog is closed. So these hooks are not held.
      const isHeld = !isSubagent && facts.tool_use_id !== undefined;
      if (permissions === "cli" && !(await terminal.isClosed(isHeld, signal))) return go;
      return tool.questions === undefined
        ? await permit(tool, signal)
        : await askUser(tool.questions, signal);
    },
    watchTerminal: terminal.watch,
    noteTool({ tool }) {
      if (tool?.isOwn !== true || tool.name.split("__").at(-1) !== stopTool) return;
      isApproved = /"approved":\s*true/.test(JSON.stringify(tool.result ?? "").replaceAll("\\", ""));
    },
    notePrompt() {
      isApproved = false;
    },
    async stop() {
      terminal.stop();
      patient.stop();
      await asking.stop();
    },
  };
}

const go = { type: "go" } as const;
const defaultHoldMs = 3_600_000;

/**
 * Knows whether the CLI's terminal is closed, so that nobody can answer its dialogs there. If the CLI shows a dialog while it waits for the
 * answer to the hook, the hook is held until the terminal closes. Then the dialog can still be answered from the inbox.
 */
function createTerminalWatch(holdMs: number) {
  let isHolding = false;
  let isClosed = false;
  const closed = new AbortController();
  const stopped = new AbortController();
  return {
    watch(whenClosed: Promise<void>, isBeside: boolean) {
      isHolding = isBeside;
      void whenClosed.then(() => {
        isClosed = true;
        closed.abort();
      });
    },
    stop: () => stopped.abort(),
    /**
     * Resolves with true if the terminal is closed. If this CLI's hooks can be held (`isBeside`), and `isHeld` is true, first waits
     * until the terminal is closed, the signal aborts, or `holdMs` are over.
     */
    async isClosed(isHeld: boolean, signal: AbortSignal | undefined): Promise<boolean> {
      if (!isHolding || isClosed || !isHeld) return isClosed;
      const signals = [closed.signal, stopped.signal, ...(signal === undefined ? [] : [signal])];
      await pause(holdMs, AbortSignal.any(signals));
      return isClosed && signal?.aborted !== true;
    },
  };
}

/**
 * The arguments `wait_s` and `expires_s`, in seconds. The call waits longer than the request is open. If the call gave up first,
 * the answer would come as a message, and would wake a session whose turn has ended by then.
 */
function standsFor(seconds: number) {
  const expires_s = Math.min(Math.max(1, seconds), mostWaitS - longerThanItStandsS);
  return { wait_s: expires_s + longerThanItStandsS, expires_s };
}

function forbid(reason: string, answer?: ReadAnswer) {
  return { type: "forbid", reason, takes: answer?.takes } as const;
}

/** These words are part of the question, so that everybody who can answer reads them. */
function moreThanOnce(grants: string): string {
  const words = grants.replace(/\s+/g, " ").slice(0, longestGrant);
  return `from now on, not only this once (the only approval that its CLI offers: "${words}")`;
}

function spanOf(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`;
}

function nobodyPermitted(tool: string, waitedS: number): string {
  return `Nobody has answered within ${spanOf(waitedS)} whether you may use ${tool}, so it is refused. Go on without it where you can. Say at the end of your turn what you could not do, and what you need for it.`;
}

function nobodyAnswered(waitedS: number): string {
  return `Nobody has answered your questions within ${spanOf(waitedS)}. Decide what you can yourself, and say what you assumed. Leave what you cannot decide, and say at the end of your turn what you need to know.`;
}
