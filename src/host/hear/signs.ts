// Takes what the session shows by its stream or by its own record, and not by a hook: what came before the model, what a hook of
// the user's kept from it, and what goes on or is over.
import type { SessionSign } from "../../domain/hook.ts";
import type { Approvals } from "../approvals.ts";
import type { Evidence } from "../routes/evidence.ts";
import type { Background } from "./background.ts";
import type { Turn } from "./turn.ts";
import type { TurnEnds } from "./turn-ends.ts";

export interface SignsOptions {
  readonly turn: Turn;
  readonly background: Background;
  readonly evidence: Pick<Evidence, "noteTaken" | "noteAnswer" | "refuse">;
  readonly approvals: Pick<Approvals, "notePrompt">;
  readonly turnEnds: Pick<TurnEnds, "takeRefusal" | "takeRecordedEnd">;
  /** Whether the session has a stream, whose order is that of its turns: its record is then read for evidence alone. */
  readonly hasStream: boolean;
  readonly now: () => Date;
}

export interface Signs {
  /** @param how by which the receipts name it: `echo` of the stream, or `transcript` */
  take(sign: SessionSign, how: "echo" | "transcript"): void;
}

export function createSigns(options: SignsOptions): Signs {
  const { turn, background, evidence, approvals, turnEnds, hasStream, now } = options;

  const timeOf = ({ at }: SessionSign) => (at === undefined ? now().getTime() : Date.parse(at));
  const takeEvidence = (sign: SessionSign, how: "echo" | "transcript") => {
    if (sign.type === "taken") evidence.noteTaken(sign.text, how);
    else if (sign.type === "answer") evidence.noteAnswer(how);
    else if (sign.type === "refused") evidence.refuse(sign.text, refusalWords(sign.reason), timeOf(sign));
  };
  const takeState = (sign: SessionSign, how: "echo" | "transcript") => {
    const atMs = timeOf(sign);
    switch (sign.type) {
      case "taken":
        if (how !== "echo") return;
        // By this way a prompt is told in order with the tools' results, by its hook it may be told before them.
        approvals.notePrompt();
        return turn.noteTaken(atMs);
      case "answer":
        return turn.noteTaken(atMs);
      case "refused":
        return turnEnds.takeRefusal(refusalWords(sign.reason));
      case "turn_end":
        return turn.isOverAt(atMs) ? turnEnds.takeRecordedEnd() : undefined;
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
  return `a hook of its user's kept the prompt from the model${reason === "" ? "" : `: ${reason}`}`;
}
