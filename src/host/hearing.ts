// The fourth stage of the host: reads the session's hooks, its record, its results and its telemetry, and answers the hooks.
import type { ModelRequest, SessionSign } from "../domain/hook.ts";
import { pause } from "../waiting.ts";
import { createHookAnswers } from "./hear/hook-answers.ts";
import { createHookIntake, type HookIntake } from "./hear/hook-intake.ts";
import { createOpenDialogs } from "./hear/open-dialogs.ts";
import { createOpenTasks } from "./hear/open-tasks.ts";
import { createRetryWatch, type RetryWatch } from "./hear/retry-watch.ts";
import { createSigns } from "./hear/signs.ts";
import { createToolIds } from "./hear/tool-ids.ts";
import { createTurnEnds, type TurnEnds } from "./hear/turn-ends.ts";
import { createTurnWatch, type TurnWatch } from "./hear/turn-watch.ts";
import { createUsageMeter } from "./hear/usage-meter.ts";
import type { Reporting } from "./reporting.ts";
import { createConversationWatch } from "./routes/conversation.ts";
import { createTranscript, type TranscriptWatch, watchTranscript } from "./routes/transcript.ts";
import type { SessionOptions } from "./session-options.ts";
import type { Speaking } from "./speaking.ts";
import { createHeldCalls } from "./steer/held-calls.ts";
import type { Steering } from "./steering.ts";
import type { SessionTranscript } from "./transcript/session-transcript.ts";

export interface Hearing extends HookIntake {
  /** Stops reading the records of the session and its subagents. */
  stop(): void;
  readonly turnEnds: TurnEnds;
  /** From now on the CLI tells the host what it asks at its terminal. So a pause can hold each call by such a question (`createHeldCalls`). */
  holdByAsking(): void;
  /** Watches the screen for requests to the model that the CLI repeats. */
  readonly watchRetries: RetryWatch["start"];
  /** Watches the screen for the end of a turn that its user breaks off before the model's first word. */
  readonly watchTurn: TurnWatch["start"];
  /** Takes what the session's stream shows. */
  takeSign(sign: SessionSign): void;
  /** Takes the CLI's export of its requests to the model. */
  telemetry(payload: unknown): void;
  /** Takes what one request to the model has used, from a session that tells it by itself. */
  usage(request: ModelRequest): void;
}

const calledNoHook = "its CLI sends requests to its model, but has called no hook";

export function createHearing(
  { cli, facts, hasStream = false, stopApproval, now, log }: SessionOptions,
  { heartbeat, events, receipts, files, transcript: published }: Reporting,
  { turn, background, routes, delivery, approvals, nudge }: Speaking,
  { gate, control }: Steering,
): Hearing {
  const meter = createUsageMeter((usage) => events.send({ kind: "usage", usage }));
  const transcript = createTranscript();
  const dialogs = createOpenDialogs({ cli, events, log });
  const tasks = createOpenTasks(receipts);
  const ends = createTurnEnds({
    ...{
      turn,
      background,
      routes,
      evidence: delivery,
      control,
      events,
      tasks,
      dialogs,
      nudge,
      hasStream,
      now,
    },
    approvesEnds: stopApproval !== undefined,
    tellsIdle: cli.tellsIdle === true,
    hasRecord: transcript.isThere,
  });
  const turnEnds = tellingWords(ends, published);
  const toolIds = createToolIds();
  const signs = createSigns({
    ...{ cli, events, toolIds, turn, background, evidence: delivery, approvals, turnEnds, hasStream, now },
  });
  const watch = watchTranscript(transcript, {
    // On a terminal the user may interrupt a turn, and only the record tells that. A headless session tells it by its stream.
    isAwaiting: () =>
      delivery.isAwaiting() || (!hasStream && (turn.ranWithinMs(answerReadWithinMs) || background.isBusy())),
    onLine: (line) => {
      for (const sign of cli.readRecordLine?.(line) ?? []) signs.take(sign, "transcript");
      const request = cli.readRecordedRequest?.(line);
      if (request !== undefined) meter([request], "session");
      dialogs.noteLine(line);
      const interruption = cli.readInterruption?.(line);
      if (interruption !== undefined) turnEnds.interrupted(interruption.promptId);
    },
    log,
  });
  const retries = createRetryWatch({ turn, events, log });
  const turnWatch = createTurnWatch({ turn, onBrokenOff: turnEnds.brokenOff, log });
  const isStopping = () => control.stop() !== undefined;
  const heldCalls = createHeldCalls({ gate, events });
  const answers = { gate, heldCalls, approvals, files, hookRoute: routes.hook, isStopping };
  const answerHook = createHookAnswers(answers);
  const intake = createHookIntake({
    ...{ cli, hasStream, heartbeat, events, receipts, files, turn, turnEnds, routes, delivery, background },
    ...{ approvals, control, dialogs, transcript: watch, published, toolIds, answerHook, nudge, now },
    isBeside: !hasStream && cli.showsDialogBesideHook?.(facts.agent_cli_version) === true,
    conversation: createConversationWatch({ delivery, tasks }),
    async whenEndRead(next) {
      if (hasStream) return;
      if (cli.tellsIdle !== true) return await readEnd(turn.isEnding, watch, endReadWithinMs);
      // If the user has broken the turn off, the awaited evidence may never come: wait less.
      const withinMs = turn.isEnding() ? answerReadWithinMs : endReadWithinMs;
      await readEnd(() => delivery.isAwaiting(next), watch, withinMs);
    },
  });
  return {
    ...intake,
    hook(payload, signal) {
      turnWatch.noteHook();
      return intake.hook(payload, signal);
    },
    takeHook(hook, signal) {
      if (heldCalls.isAskedFor(hook)) return heldCalls.pass(hook, signal);
      const take = () => intake.takeHook(hook, signal);
      return heldCalls.mustWait(hook) ? heldCalls.wait(signal).then(take) : take();
    },
    holdByAsking: heldCalls.open,
    usage: (request) => meter([request], "session"),
    turnEnds,
    stop() {
      watch.stop();
      retries.stop();
      turnWatch.stop();
      dialogs.stop();
    },
    watchRetries: retries.start,
    watchTurn: turnWatch.start,
    takeSign: (sign) => signs.take(sign, "echo"),
    telemetry(payload) {
      for (const decision of cli.readDecisions?.(payload) ?? []) dialogs.decided(decision);
      const requests = cli.readTelemetry?.(payload) ?? [];
      // The hook for a prompt comes before the request to the model. So no hook by now means that the CLI calls none.
      if (requests.some(({ isConversation }) => isConversation) && !turn.isHeld()) {
        heartbeat.update({ unheld: heartbeat.presence().unheld || calledNoHook });
      }
      meter(requests, "telemetry");
    },
  };
}

/** The same, but what the model has said is told to the session's transcript as well. */
function tellingWords(ends: TurnEnds, { noteWords }: SessionTranscript): TurnEnds {
  return {
    ...ends,
    heard(words, callsTool) {
      noteWords(words);
      ends.heard(words, callsTool);
    },
  };
}

/** Claude Code 2.1.330 writes the line for a turn's end up to a second after the hook. */
const endReadWithinMs = 1_500;
/** When Qwen Code 0.24.4 calls a hook, the last lines of its record may not be written yet. */
const answerReadWithinMs = 5_000;
const readEveryMs = 50;

/** Reads the record, and reads it again while more is expected, for `withinMs` at most. */
async function readEnd(
  isMoreExpected: () => boolean,
  record: TranscriptWatch,
  withinMs: number,
): Promise<void> {
  const untilMs = performance.now() + withinMs;
  await record.catchUp();
  while (isMoreExpected() && performance.now() < untilMs) {
    await pause(readEveryMs);
    await record.catchUp();
  }
}
