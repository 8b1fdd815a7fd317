// Asks for what the CLI asks its user, for as long as the profile says: once, and without an answer in time it is refused; or again
// and again, until somebody answers.
import type { ToolName } from "../domain/wire/tools.ts";
import { pause } from "../waiting.ts";
import type { Asking, ReadAnswer } from "./asking.ts";

/** A profile's policy for a permission or a question that nobody answers. */
export interface Unanswered {
  readonly policy: "refuse" | "hold";
  /** When it counts as unanswered. */
  readonly afterS: number;
}

/** The longest that a session is held for one answer. */
export const longestHoldS = 7 * 86_400;
const againAfterMs = 5_000;

export interface PatientAsking {
  /** As `Asking.ask`; with the policy `hold`, resolves only with somebody's answer, or when nobody waits for it any more. */
  ask(
    name: ToolName,
    args: Record<string, unknown>,
    signal: AbortSignal | undefined,
  ): Promise<ReadAnswer | undefined>;
  stop(): void;
}

export function createPatientAsking(
  { ask }: Pick<Asking, "ask">,
  policy: Unanswered["policy"],
  createId: () => string,
): PatientAsking {
  const stopped = new AbortController();
  const askAndHold: PatientAsking["ask"] = async (name, args, signal) => {
    const isOver = AbortSignal.any([stopped.signal, ...(signal === undefined ? [] : [signal])]);
    const untilMs = performance.now() + longestHoldS * 1_000;
    let callId = createId();
    for (;;) {
      const answer = await ask(name, args, signal, callId);
      if (isOver.aborted || isAnswer(answer) || performance.now() > untilMs) return answer;
      // Without a word of the server it is the same request still: asked under another id, it would stand in the inbox twice.
      if (answer === undefined) await pause(againAfterMs, isOver);
      else callId = createId();
    }
  };
  return { ask: policy === "hold" ? askAndHold : ask, stop: () => stopped.abort() };
}

function isAnswer(answer: ReadAnswer | undefined): boolean {
  if (answer === undefined) return false;
  return answer.answers !== undefined || (answer.approved !== undefined && answer.by !== "policy");
}
