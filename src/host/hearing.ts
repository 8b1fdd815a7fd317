// The fourth stage of the host: hears what the session's hooks, its record, its results and its telemetry show of it, and
// answers the hooks.
import type { SessionSign } from "../domain/hook.ts";
import { createHookAnswers } from "./hear/hook-answers.ts";
import { createHookIntake, type HookIntake } from "./hear/hook-intake.ts";
import { createOpenDialogs } from "./hear/open-dialogs.ts";
import { createSigns } from "./hear/signs.ts";
import { createTurnEnds, type TurnEnds } from "./hear/turn-ends.ts";
import { createUsageMeter } from "./hear/usage-meter.ts";
import type { Reporting } from "./reporting.ts";
import { createTranscript, watchTranscript } from "./routes/transcript.ts";
import type { SessionOptions } from "./session-options.ts";
import type { Speaking } from "./speaking.ts";
import type { Steering } from "./steering.ts";

export interface Hearing extends HookIntake {
  /** Reads no record any more. */
  stop(): void;
  readonly turnEnds: TurnEnds;
  /** What the session's stream shows. */
  takeSign(sign: SessionSign): void;
  /** What the CLI exports of its requests to the model. */
  telemetry(payload: unknown): void;
}

const calledNoHook = "its CLI asks its model, and has called no hook that could hold it";

export function createHearing(
  { cli, hasStream = false, stopApproval, now, log }: SessionOptions,
  { heartbeat, events, receipts }: Reporting,
  { turn, background, routes, delivery, approvals, nudge }: Speaking,
  { gate, control }: Steering,
): Hearing {
  const meter = createUsageMeter((usage) => events.send({ kind: "usage", usage }));
  const transcript = createTranscript();
  const dialogs = createOpenDialogs({ cli, events, log });
  const turnEnds = createTurnEnds({
    ...{
      turn,
      background,
      routes,
      evidence: delivery,
      control,
      events,
      receipts,
      dialogs,
      nudge,
      hasStream,
      now,
    },
    approvesEnds: stopApproval !== undefined,
    hasRecord: transcript.isThere,
  });
  const signs = createSigns({
    ...{ turn, background, evidence: delivery, approvals, turnEnds, hasStream, now },
  });
  const watch = watchTranscript(transcript, {
    // While a turn is open its user may break it off; of a headless session the stream tells its end.
    isAwaiting: () => delivery.isAwaiting() || (!hasStream && (turn.isOpen() || background.isBusy())),
    onLine: (line) => {
      for (const sign of cli.readRecordLine(line)) signs.take(sign, "transcript");
      dialogs.noteLine(line);
      const interruption = cli.readInterruption?.(line);
      if (interruption !== undefined) turnEnds.interrupted(interruption.promptId);
    },
    log,
  });
  const isStopping = () => control.stop() !== undefined;
  const answerHook = createHookAnswers({ gate, approvals, hookRoute: routes.hook, isStopping });
  const intake = createHookIntake({
    ...{ cli, hasStream, heartbeat, events, receipts, turn, turnEnds, routes, delivery, background },
    ...{ approvals, control, dialogs, transcript: watch, answerHook, nudge, now },
  });
  return {
    ...intake,
    turnEnds,
    stop() {
      watch.stop();
      dialogs.stop();
    },
    takeSign: (sign) => signs.take(sign, "echo"),
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
