// Notices the ends of the session's turns, and does what each end requires. A headless session tells them by its results. On a
// terminal they are read from the session's record. Our hook does not prove an end: after it has let a turn end, one of the user's hooks may
// keep the turn going.
import { definedOf } from "../../domain/defined.ts";
import type { Hook, HookAnswer, HookFacts, TurnResult } from "../../domain/hook.ts";
import { summaryOf } from "../../domain/text/summary.ts";
import type { EventSender } from "../event-sender.ts";
import type { Evidence } from "../routes/evidence.ts";
import type { Routes } from "../routes/routes.ts";
import type { Control } from "../steer/control.ts";
import type { Background } from "./background.ts";
import { createLastWords } from "./last-words.ts";
import type { OpenDialogs } from "./open-dialogs.ts";
import type { OpenTasks, TurnOutcome } from "./open-tasks.ts";
import type { Turn } from "./turn.ts";

export interface TurnEnds {
  /** Takes a hook that tells the end of a turn or of the session, and the answer that it got. */
  takeHook(hook: Hook, answer: HookAnswer): void;
  /** The session's own model has said this in its turn; "" if nothing. `callsTool`: it calls a tool, so that its turn goes on. */
  heard(words: string, callsTool?: boolean): void;
  /** The model calls a tool, so it has obeyed the refusal of its end, if there was one. */
  noteWork(): void;
  /** A CLI that tells the end of each turn (`tellsIdle`) says that the running turn is over. If no hook had let it end, its user has broken it off. */
  takeIdle(): void;
  /** The session's record says that a turn has ended by itself. `isOver`: whether it is the turn that runs, and not an earlier one. */
  takeRecordedEnd(isOver: boolean): void;
  /** The session's record says that a turn has failed. `isOver` as above. */
  takeRecordedFailure(facts: HookFacts, isOver: boolean): void;
  /** The session's record says that its user has interrupted the turn of this prompt. No hook tells that. */
  interrupted(promptId: string | undefined): void;
  /** The session's screen shows that its user has broken off the turn before the model's first word. */
  brokenOff(): void;
  /** One of the user's hooks kept a prompt from the model. */
  takeRefusal(detail: string): void;
  /** Takes the CLI's result of a turn. It ends the tasks of that turn, unless the agent has acknowledged them itself. */
  takeResult(result: TurnResult): void;
}

export interface TurnEndsOptions {
  readonly turn: Turn;
  readonly background: Background;
  readonly routes: Pick<Routes, "hook">;
  readonly evidence: Pick<Evidence, "takeTasks" | "leaveTasks" | "withdraw" | "refuse">;
  readonly tasks: OpenTasks;
  readonly control: Pick<Control, "turnEnded" | "quiet" | "isCuttingOff">;
  readonly events: Pick<EventSender, "send">;
  readonly dialogs: Pick<OpenDialogs, "turnEnded">;
  readonly nudge: () => void;
  /** Whether somebody has to approve the end of a turn (`stopApproval`). */
  readonly approvesEnds: boolean;
  /** Whether the session is headless, so that results tell the ends of turns. */
  readonly hasStream: boolean;
  /** Whether `takeIdle` is called at the end of each turn. */
  readonly tellsIdle: boolean;
  /** Whether the session's record exists and can be read. */
  readonly hasRecord: () => Promise<boolean>;
  readonly now: () => Date;
}

/** How long after the result of a failed turn its hook may come, because Claude Code 2.1.330 does not wait for that hook. */
const hookComesWithinMs = 2_000;
const overriddenEnd = "its end was refused, but its CLI ended the turn anyway";
const notAsked = "its turn has ended without an answer from the model";

export function createTurnEnds(options: TurnEndsOptions): TurnEnds {
  const { turn, background, routes, evidence, tasks, control, events, dialogs, nudge, now } = options;
  const { hasStream, tellsIdle } = options;
  const lastWords = createLastWords({ events, now });
  const { tell, quiet, runningIds } = createEndTelling(options);
  /** Whether the last end was refused and no tool has been called since. If the turn ends now, the CLI has overridden the refusal. */
  let isEndRefused = false;
  const foretold = createForetold(turn);
  const ended = (facts: HookFacts | "told") => {
    lastWords.tell();
    if (facts !== "told") tell(facts);
    foretold.forget();
    evidence.leaveTasks();
    turn.end();
    dialogs.turnEnded();
    routes.hook.turnEnded();
    control.turnEnded();
    if (!background.isBusy()) quiet();
    nudge();
  };
  const endTasks = (facts: HookFacts, words: string) => {
    if (control.isCuttingOff()) return;
    const outcome = outcomeOf(facts, words);
    tasks.turnEnded(evidence.takeTasks(leastOf(facts), outcome), outcome, runningIds());
  };
  /** On a terminal, the end of a turn ends the tasks that the model had in it. If the user interrupts the turn, no turn ends them (`leaveTasks`). */
  const endedWithTasks = (facts: HookFacts) => {
    endTasks(facts, lastWords.tell());
    ended(facts);
  };
  const endInterrupted = (promptId: string | undefined) => {
    // Do this even if a queued prompt has already begun the next turn: the model had these tasks in the turn that was interrupted.
    // In a headless session, the result decides about the tasks.
    if (!hasStream) evidence.leaveTasks();
    if (!turn.isOpen() || turn.promptId() !== promptId) return;
    isEndRefused = false;
    ended({ kind: "turn_end", detail: "interrupted by its user" });
  };
  const takeStop = ({ facts, lastWords: words }: Hook, { type }: HookAnswer) => {
    isEndRefused = type === "hold_back" && options.approvesEnds;
    lastWords.note(words);
    // This hook shows that the model has answered, so it had the prompt.
    turn.noteTaken(now().getTime());
    // If no turn is open, the CLI has begun one by itself, and this hook must not count for the next one.
    if (type === "hold_back" || (tellsIdle && !turn.isOpen())) return;
    turn.noteEnding();
    if (hasStream || tellsIdle) return;
    const atMs = now().getTime();
    void options.hasRecord().then((isThere) => {
      if (!isThere && turn.isOverAt(atMs)) endedWithTasks(facts);
    });
  };
  return {
    takeHook({ facts, ...hook }, answer) {
      if (facts.kind === "turn_end") takeStop({ facts, ...hook }, answer);
      else if (facts.kind === "session_end") ended(facts);
      else if (facts.kind === "turn_failed" && !hasStream) endedWithTasks(facts);
      else if (facts.kind === "turn_failed") {
        if (foretold.noteHook()) tell(facts);
      } else if (hook.isIdle === true) ended("told");
    },
    heard: lastWords.heard,
    noteWork() {
      isEndRefused = false;
      lastWords.goesOn();
    },
    takeIdle: () => (turn.isEnding() ? endedWithTasks(turnEnd) : endInterrupted(turn.promptId())),
    takeRecordedEnd(isOver) {
      // The record is read in order, so the tasks that are `seen` by now are those of the turn that this line ends.
      if (!isOver) return endTasks(turnEnd, "");
      endedWithTasks(isEndRefused ? failed(overriddenEnd) : turnEnd);
      isEndRefused = false;
    },
    takeRecordedFailure: (facts, isOver) => (isOver ? endedWithTasks(facts) : endTasks(facts, "")),
    interrupted: endInterrupted,
    brokenOff() {
      evidence.withdraw();
      endInterrupted(turn.promptId());
    },
    takeRefusal(detail) {
      const isOver = turn.isOverByRefusal();
      if (hasStream) foretold.note(failed(detail));
      else if (isOver) ended(failed(detail));
    },
    takeResult(result) {
      const outcome = outcomeOfResult(result, isEndRefused);
      const [{ isError, wasAsked }, { isFailed, detail }] = [result, outcome];
      isEndRefused = false;
      lastWords.note(result.said);
      // Do not leave this to `ended`, because the next prompt may keep the turn open after this result.
      lastWords.tell();
      endByResult(options, outcome, wasAsked || isError, runningIds());
      const known = foretold.takeFor(result);
      if (!turn.isOverByResult(wasAsked)) return;
      ended(known ?? (isFailed && (wasAsked || isError) ? failed(detail, result) : turnEnd));
    },
  };
}

/** Keeps the event for the end of a headless session's turn, if it is known before the turn's result. */
function createForetold(turn: Pick<Turn, "isOpen">) {
  /** `told`: it has been sent already. */
  let event: "told" | HookFacts | undefined;
  /** Until this time, the hook that says why a turn failed may still come, because the result came first. */
  let hookDueUntilMs = 0;
  return {
    note(facts: HookFacts) {
      event = facts;
    },
    /** A hook has said why a turn failed. Returns whether to send its event; false if another turn runs by now. */
    noteHook(): boolean {
      const isOpen = turn.isOpen();
      if (isOpen && performance.now() < hookDueUntilMs) return false;
      if (isOpen) event = "told";
      return true;
    },
    /** The event for the end of the turn that has this result. The event of a refused prompt does not apply if the model answered another prompt. */
    takeFor({ isError, wasAsked }: TurnResult): "told" | HookFacts | undefined {
      const isTold = event === "told";
      const known = isTold || !wasAsked ? event : undefined;
      hookDueUntilMs = isError && !isTold ? performance.now() + hookComesWithinMs : 0;
      // The turn may go on with the next prompt, whose end has not been told.
      if (isTold) event = undefined;
      return known;
    },
    forget() {
      event = undefined;
    },
  };
}

/** Ends the tasks of a turn by its result. A turn that a stop has cut off has not failed: its tasks stay open, as on a terminal. */
function endByResult(
  { control, tasks, evidence, now }: TurnEndsOptions,
  outcome: TurnOutcome,
  isTurnOver: boolean,
  runningIds: readonly string[],
): void {
  if (control.isCuttingOff()) return;
  if (isTurnOver) tasks.turnEnded(evidence.takeTasks("taken", outcome), outcome, runningIds);
  if (outcome.isFailed) evidence.refuse("", outcome.detail, now().getTime());
}

/** Sends the events for the ends of turns, each with what runs in the background. Also sends an event when the background changes between turns. */
function createEndTelling({ turn, background, events, tasks, control }: TurnEndsOptions) {
  let isBackgroundTold = false;
  const runningIds = () => background.running().map(({ id }) => id);
  const tell = (facts: HookFacts) => {
    const running = background.running().map(({ type, description }) => ({ type, description }));
    isBackgroundTold = running.length > 0;
    events.send({ ...facts, ...(isBackgroundTold ? { background: running } : {}) });
  };
  /** No turn runs, and nothing in the background. */
  const quiet = () => {
    if (isBackgroundTold) tell({ kind: "background" });
    tasks.settle();
    control.quiet();
  };
  background.onChange(() => {
    tasks.noteBackground(runningIds());
    if (!turn.isOpen() && background.running().length > 0) tell({ kind: "background" });
  });
  background.onQuiet(quiet);
  return { tell, quiet, runningIds };
}

function outcomeOfResult({ isError, wasAsked, text }: TurnResult, isEndRefused: boolean): TurnOutcome {
  const lead = isEndRefused ? overriddenEnd : wasAsked || isError ? "its turn has ended" : notAsked;
  return {
    isFailed: isError || isEndRefused || !wasAsked,
    route: "result",
    detail: summaryOf(`${lead}: ${text}`),
  };
}

/** In a failed turn the model may not have answered, so it also ends the tasks that are only in the conversation. */
function leastOf({ kind }: HookFacts): "taken" | "seen" {
  return kind === "turn_failed" ? "taken" : "seen";
}

/** @param lastWords what the model said last in the turn */
function outcomeOf({ kind, detail }: HookFacts, lastWords: string): TurnOutcome {
  const isFailed = kind === "turn_failed";
  const words = [`its turn has ${isFailed ? "failed" : "ended"}`, detail ?? lastWords]
    .filter(Boolean)
    .join(": ");
  return { isFailed, route: "turn", detail: summaryOf(words) };
}

const turnEnd: HookFacts = { kind: "turn_end" };

function failed(
  detail: string,
  { error = "other", remedy }: Pick<TurnResult, "error" | "remedy"> = {},
): HookFacts {
  return { kind: "turn_failed", error, detail: summaryOf(detail), ...definedOf({ remedy }) };
}
