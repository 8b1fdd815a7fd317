// Asks people for permissions and answers by the profile's policy for unanswered requests: `refuse` asks once, and an unanswered request is
// refused; `hold` asks again until somebody answers.
import type { ToolName } from "../domain/wire/tools/tools.ts";
import { pause } from "../waiting.ts";
import type { Asking, ReadAnswer } from "./asking.ts";

/** A profile's policy for a permission or a question that nobody answers. */
export interface Unanswered {
  readonly policy: "refuse" | "hold";
  /** After how long a request counts as unanswered, in seconds. */
  readonly afterS: number;
}

/** The longest that the policy `hold` holds a session for one answer. */
export const longestHoldS = 7 * 86_400;
const againAfterMs = 5_000;

export interface PatientAsking {
  /**
   * As `Asking.ask`. With the policy `hold` it resolves only when somebody has answered, when the signal aborts, after `stop`, or after
   * `longestHoldS`.
   */
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
      // If the server did not answer, the request may be stored. Ask with the same id, or it would be in the inbox twice.
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
