// Takes what the session shows by its stream or its own record, and not by a hook. This is what the model was given, what one of the
// user's hooks kept from the model, what runs in the background, and what has ended.

import type { SessionCli } from "../../agents/session-cli.ts";
import { definedOf } from "../../domain/defined.ts";
import type { DeniedCall, RetryShown, SessionSign } from "../../domain/hook.ts";
import { idFact, longFact, shortFact } from "../../domain/text/fact-words.ts";
import type { Approvals } from "../approvals.ts";
import type { LimitSender } from "../limit-notes.ts";
import type { Evidence } from "../routes/evidence.ts";
import type { Background } from "./background.ts";
import type { ToolIds } from "./tool-ids.ts";
import type { Turn } from "./turn.ts";
import type { TurnEnds } from "./turn-ends.ts";

export interface SignsOptions {
  readonly cli: Pick<SessionCli, "describeDenial">;
  readonly events: Pick<LimitSender, "send" | "noteLimit">;
  readonly toolIds: Pick<ToolIds, "take" | "hasBegun">;
  readonly turn: Turn;
  readonly background: Background;
  readonly evidence: Pick<Evidence, "noteTaken" | "noteAnswer" | "refuse">;
  readonly approvals: Pick<Approvals, "notePrompt">;
  readonly turnEnds: Pick<
    TurnEnds,
    "takeRefusal" | "takeRecordedEnd" | "takeRecordedFailure" | "interrupted" | "heard"
  >;
  /** Whether the session has a stream. If so, the record is used for evidence only: the stream tells the turns, in their order. */
  readonly hasStream: boolean;
  readonly now: () => Date;
}

export interface Signs {
  /** @param how where the sign was seen, as receipts name it: `echo` (the stream) or `transcript` (the record) */
  take(sign: SessionSign, how: "echo" | "transcript"): void;
}

/** An id that no prompt of the running turn has. */
const earlierPrompt = "";
/** How many calls are kept. The oldest are forgotten, because the end of some calls is never told. */
const mostCalled = 200;

export function createSigns(options: SignsOptions): Signs {
  const { cli, events, toolIds, turn, background, evidence, approvals, turnEnds, hasStream, now } = options;

  const timeOf = ({ at }: SessionSign) => (at === undefined ? now().getTime() : Date.parse(at));
  const takeEvidence = (sign: SessionSign, how: "echo" | "transcript") => {
    if (sign.type === "taken") evidence.noteTaken(sign.text, how, sign.id);
    else if (sign.type === "answer") evidence.noteAnswer(how);
    else if (sign.type === "refused") evidence.refuse(sign.text, refusalWords(sign.reason), timeOf(sign));
  };
  /** Whether the last sign about a request to the model was that the CLI repeats it. */
  let isRetrying = false;
  const endRetry = () => {
    if (isRetrying) events.send({ kind: "retry_end" });
    isRetrying = false;
  };
  const takeDenied = (call: DeniedCall) => {
    const start = toolIds.take(call.toolUseId);
    if (start?.tool === undefined) return;
    const { detail, remedy } = cli.describeDenial?.(start.tool, call) ?? { detail: "", remedy: undefined };
    events.send({ ...start.facts, kind: "tool_denied", detail, remedy });
  };
  /** The names of the tools that the session shows as called (sign `called`), by the ids of the calls. */
  const called = new Map<string, string>();
  const takeCall = (toolUseId: string, tool: string) => {
    called.set(toolUseId, tool);
    const [first] = called.keys();
    if (called.size > mostCalled && first !== undefined) called.delete(first);
  };
  const takeNotRun = (toolUseId: string, words: string) => {
    const tool = called.get(toolUseId);
    called.delete(toolUseId);
    if (tool === undefined || toolIds.hasBegun(toolUseId)) return;
    const facts = { tool: shortFact(tool), tool_use_id: idFact(toolUseId), detail: longFact(words) };
    events.send({ kind: "tool_failed", ...facts });
  };
  const takeState = (sign: SessionSign, how: "echo" | "transcript") => {
    const atMs = timeOf(sign);
    switch (sign.type) {
      case "taken":
        if (how !== "echo") return;
        // The echo comes in order with the results of tools. The hook for the prompt may come before them.
        approvals.notePrompt();
        return turn.noteTaken(atMs);
      case "answer":
        // Only the stream's sign ends a retry. In the record the request itself counts as `answer`, and it may be repeated too.
        if (how === "echo") endRetry();
        turnEnds.heard(sign.words ?? "", sign.callsTool);
        return turn.noteTaken(atMs);
      case "retry":
        isRetrying = true;
        return events.send({ kind: "retry", ...retryOf(sign) });
      case "limit":
        return events.noteLimit(sign.resetsAtMs);
      case "denied":
        return takeDenied(sign);
      case "called":
        return takeCall(sign.toolUseId, sign.tool);
      case "not_run":
        return takeNotRun(sign.toolUseId, sign.words);
      case "refused":
        return turnEnds.takeRefusal(refusalWords(sign.reason));
      case "turn_end":
        return turnEnds.takeRecordedEnd(turn.isOverAt(atMs));
      case "turn_failed":
        // The request that failed was the prompt's own, so the prompt no longer waits.
        turn.noteTaken(atMs);
        return turnEnds.takeRecordedFailure(
          { kind: "turn_failed", error: sign.error, detail: longFact(sign.detail) },
          turn.isOverAt(atMs),
        );
      case "interrupted":
        // A record may be read when the next turn has begun already: then no prompt of that turn is meant.
        return turnEnds.interrupted(turn.hadBegunAt(atMs) ? turn.promptId() : earlierPrompt);
      case "background":
        return background.set(sign.tasks);
      case "background_end":
        return background.end(sign.id);
    }
  };
  return {
    take(sign, how) {
      takeEvidence(sign, how);
      if (how === "echo" || !hasStream) takeState(sign, how);
    },
  };
}

function refusalWords(reason: string): string {
  return `one of the user's hooks kept the prompt from the model${reason === "" ? "" : `: ${reason}`}`;
}

function retryOf({ detail, error, remedy, limit_resets_at }: RetryShown): RetryShown {
  return { detail, error, ...definedOf({ remedy, limit_resets_at }) };
}
