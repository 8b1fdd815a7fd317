// The fourth stage of the host: hears what the session's hooks, its record, its results and its telemetry show of it, and
// answers the hooks.
import { createHookAnswers } from "./hear/hook-answers.ts";
import { createHookIntake, type HookIntake } from "./hear/hook-intake.ts";
import { createOpenDialogs } from "./hear/open-dialogs.ts";
import { createTurnEnds, type TurnEnds } from "./hear/turn-ends.ts";
import { createUsageMeter } from "./hear/usage-meter.ts";
import type { Reporting } from "./reporting.ts";
import type { SessionOptions } from "./session-options.ts";
import type { Speaking } from "./speaking.ts";
import type { Steering } from "./steering.ts";
import { watchTranscript } from "./ways/transcript.ts";

export interface Hearing extends HookIntake {
  /** Reads no record any more. */
  stop(): void;
  readonly turnEnds: TurnEnds;
  /** What the CLI exports of its requests to the model. */
  telemetry(payload: unknown): void;
}

const calledNoHook = "its CLI asks its model, and has called no hook that could hold it";

export function createHearing(
  { cli, hasStream = false, stopApproval, log }: SessionOptions,
  { heartbeat, events, receipts }: Reporting,
  { turn, ways, delivery, approvals, nudge }: Speaking,
  { gate, control }: Steering,
): Hearing {
  const meter = createUsageMeter((usage) => events.send({ kind: "usage", usage }));
  const dialogs = createOpenDialogs({ cli, events, log });
  const turnEnds = createTurnEnds({
    ...{ turn, ways, delivery, control, events, receipts, dialogs, nudge },
    approvesEnds: stopApproval !== undefined,
  });
  const transcript = watchTranscript({
    // While a turn is open its user may break it off; of a headless session the stream tells that.
    isAwaiting: () => delivery.isAwaiting() || (!hasStream && turn.isOpen()),
    onLine: (line) => {
      const text = cli.readTranscriptLine(line);
      if (text !== undefined) delivery.noteEvidence(text, "transcript");
      dialogs.noteLine(line);
      const interruption = cli.readInterruption?.(line);
      if (interruption !== undefined) turnEnds.interrupted(interruption.promptId);
    },
    log,
  });
  const isStopping = () => control.stop() !== undefined;
  const answerHook = createHookAnswers({ gate, approvals, hookRoute: ways.hook, isStopping });
  const intake = createHookIntake({
    ...{ cli, hasStream, heartbeat, events, receipts, turn, turnEnds, ways, delivery, approvals },
    ...{ control, dialogs, transcript, answerHook, nudge },
  });
  return {
    ...intake,
    turnEnds,
    stop() {
      transcript.stop();
      dialogs.stop();
    },
    telemetry(payload) {
      const requests = cli.readTelemetry(payload);
      // A prompt's hook comes before its request to the model.
      if (requests.some(({ isConversation }) => isConversation) && !turn.isHeld()) {
        heartbeat.update({ unheld: heartbeat.presence().unheld || calledNoHook });
      }
      meter(requests);
    },
  };
}
