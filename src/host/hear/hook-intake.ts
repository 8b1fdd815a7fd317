// This room hears the session (hooks, the ends of turns, usage), and decides the answer to each hook.
//
// Takes the CLI's hooks: notes what each shows, gets its answer from `answerHook`, and sends its event to the fleet.
import type { HeartbeatSender } from "../../agent-link/heartbeat.ts";
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import type { SessionCli } from "../../agents/session-cli.ts";
import type { Hook, HookAnswer } from "../../domain/hook.ts";
import type { Approvals } from "../approvals.ts";
import type { EventSender } from "../event-sender.ts";
import type { SessionFiles } from "../files/session-files.ts";
import type { ConversationWatch } from "../routes/conversation.ts";
import type { Delivery } from "../routes/delivery.ts";
import type { Routes } from "../routes/routes.ts";
import type { TranscriptWatch } from "../routes/transcript.ts";
import type { Control } from "../steer/control.ts";
import type { SessionTranscript } from "../transcript/session-transcript.ts";
import type { Background } from "./background.ts";
import type { AnswerHook } from "./hook-answers.ts";
import type { OpenDialogs } from "./open-dialogs.ts";
import type { ToolIds } from "./tool-ids.ts";
import type { Turn } from "./turn.ts";
import type { TurnEnds } from "./turn-ends.ts";
import { createWorkNotes } from "./work-notes.ts";

export interface HookIntake {
  /** Resolves with the answer to a hook of the CLI, both in the CLI's own form. */
  hook(payload: unknown, signal?: AbortSignal): Promise<unknown>;
  /**
   * Resolves with the answer to a hook that did not come over HTTP, but by the session's own connection. Such a session says whether its
   * tools wait for the answers (`carriesHooks`). The signal aborts when the CLI no longer waits for the answer.
   */
  takeHook(hook: Hook, signal?: AbortSignal): Promise<HookAnswer>;
  /** Takes what the session has shown in another way than by a hook. It needs no answer. */
  observe(hook: Hook): void;
  /** The CLI has shown that it calls the hook by which the gate holds a tool. */
  noteHeld(): void;
}

export interface HookIntakeOptions {
  readonly cli: SessionCli;
  /** Whether the session has a stream. If so, the CLI calls the hook before a tool over it. */
  readonly hasStream: boolean;
  /** Whether its terminal shows a dialog while the hook of the dialog waits for the answer. */
  readonly isBeside: boolean;
  readonly heartbeat: HeartbeatSender;
  readonly events: Pick<EventSender, "send">;
  readonly receipts: Pick<ReceiptQueue, "writeHandedOver">;
  readonly files: Pick<SessionFiles, "touched">;
  readonly turn: Turn;
  readonly turnEnds: TurnEnds;
  readonly routes: Pick<Routes, "noteSent">;
  readonly delivery: Pick<Delivery, "noteOffered">;
  readonly background: Background;
  readonly approvals: Pick<Approvals, "noteTool">;
  readonly control: Pick<Control, "stop" | "quiet">;
  readonly dialogs: Pick<OpenDialogs, "open" | "note" | "settle">;
  readonly transcript: Pick<TranscriptWatch, "look">;
  readonly published: Pick<SessionTranscript, "noteHook">;
  readonly toolIds: Pick<ToolIds, "note">;
  readonly conversation: ConversationWatch;
  /**
   * Resolves when the record has told all of a turn that is about to end, or when that takes too long.
   * @param next the prompt of the next turn, if that is known
   */
  readonly whenEndRead: (next?: string) => Promise<void>;
  readonly answerHook: AnswerHook;
  readonly nudge: () => void;
  readonly now: () => Date;
}

/**
 * After these hooks, only the session's record tells what the turn had. The session may end together with its turn, such as by a `/clear`
 * that its user has typed during the turn.
 */
const mayBeLast: ReadonlySet<string> = new Set(["turn_failed", "session_end"]);
/** The hooks that come when the session ends its turn. `turnEnds` sends their events, once the turn is really over. */
const turnEndKinds: ReadonlySet<string> = new Set(["turn_end", "turn_failed", "session_end"]);

export function createHookIntake(options: HookIntakeOptions): HookIntake {
  const { cli, hasStream, isBeside, heartbeat, events, receipts, turn, turnEnds, toolIds } = options;
  const { routes, delivery, approvals, dialogs, files, transcript, answerHook, now } = options;
  const noteWork = createWorkNotes(options);
  /** If `session_start` is a command hook, it runs even if the CLI calls no HTTP hooks. So it shows nothing about them. */
  const showsHolding = (kind: string) =>
    hasStream ? kind === "tool_start" : kind !== "session_start" || cli.startShowsHolding === true;
  const noteHeld = () => {
    turn.noteHeld();
    if (heartbeat.presence().unheld !== undefined) heartbeat.update({ unheld: "" });
  };
  /** Notes what the hook shows, before it is answered. Resolves when the reading of the session's record has begun. */
  const note = (hook: Hook): Promise<void> => {
    const { facts, prompt, transcriptPath } = hook;
    const { kind, session_id } = facts;
    heartbeat.update({
      ...(heartbeat.presence().status === "starting" ? { status: "connected" } : {}),
      ...(session_id === undefined ? {} : { session_id }),
    });
    // Do not tell this at the prompt itself: the prompt's event may arrive after this heartbeat, and the agent would look idle in between.
    if (kind !== "session_start" && kind !== "prompt" && heartbeat.presence().has_launch_task === true) {
      heartbeat.update({ has_launch_task: false });
    }
    noteWork(hook);
    dialogs.note(hook);
    options.conversation.note(hook);
    if (prompt !== undefined) {
      routes.noteSent(prompt);
      delivery.noteOffered(prompt, now().getTime());
    }
    const reading = transcript.look(transcriptPath);
    // Sent before the answer, so that the agent is shown as waiting in the meantime.
    if (isAsked(kind)) events.send(facts);
    return reading;
  };
  const verdicts = createVerdicts(options);
  const tell = (hook: Hook, answer: HookAnswer) => {
    const { facts, isSubagent, isIdle } = hook;
    const { kind } = facts;
    const isHeldUp = answer.type === "deny" || answer.type === "hold_back";
    if (isAsked(kind)) {
      if (!verdicts.tell(hook, answer) && !isBeside) dialogs.open(hook);
      return;
    }
    const isEnd = !isSubagent && turnEndKinds.has(kind);
    if (isHeldUp) events.send({ ...facts, kind: `${kind}_refused`, detail: answer.reason });
    else if (!isEnd && answer.type !== "ask") events.send({ ...facts, ...files.touched(hook) });
    const isToldIdle = !isSubagent && isIdle === true && cli.tellsIdle !== true;
    if (isEnd || isToldIdle) turnEnds.takeHook(hook, answer);
  };

  const take: HookIntake["takeHook"] = async (read, signal) => {
    const hook = { ...read, facts: toolIds.note(read) };
    const { facts } = hook;
    if (turn.noteHook()) takeFirst(options, hook);
    if (showsEnd(options, hook)) {
      await options.whenEndRead(hook.prompt);
      // The same end may have been shown by another hook meanwhile, and the next turn may have begun.
      if (showsEnd(options, hook)) turnEnds.takeIdle();
    }
    const reading = note(hook);
    if (mayBeLast.has(facts.kind) && !hook.isSubagent) await options.whenEndRead();
    const dialog = isAsked(facts.kind) && isBeside ? verdicts.watch(hook, signal) : undefined;
    const answer = await answerHook(hook, dialog?.over ?? signal, (verdict) => verdicts.tell(hook, verdict));
    if (dialog?.isClosed() === true) return { type: "go" };
    // If the CLI no longer waited, it did not get the answer, and the hook says nothing about what the session does now.
    if (signal?.aborted !== true) {
      tell(hook, answer);
      const { takes = [] } = answer;
      // Write the receipts after the answer has been sent.
      if (takes.length > 0) setTimeout(() => receipts.writeHandedOver(takes, "hook"), 0);
    } else if (isAsked(facts.kind)) {
      // The user dismissed the dialog at the terminal, and the turn with it.
      dialogs.settle(hook);
      events.send({ ...facts, kind: "notification", detail: "permission_response: closed" });
    }
    // Before the CLI goes on and writes to its record, the reading must have begun: it skips all lines that were written before.
    await reading;
    return answer;
  };

  const takeHook = promptsAfterLast(take);
  return {
    noteHeld,
    takeHook,
    async hook(payload, signal) {
      const hook = cli.hooks?.read(payload);
      if (hook === undefined) return {};
      if (showsHolding(hook.facts.kind)) noteHeld();
      return cli.hooks?.buildAnswer(hook, await takeHook(hook, signal));
    },
    observe(hook) {
      toolIds.note(hook);
      noteWork(hook);
      approvals.noteTool(hook);
      void transcript.look(hook.transcriptPath);
      events.send({ ...hook.facts, ...files.touched(hook) });
    },
  };
}

/** Makes a prompt wait for the hooks of `mayBeLast` before it, because a CLI may not wait for their answers. They must not end the prompt's turn. */
function promptsAfterLast(take: HookIntake["takeHook"]): HookIntake["takeHook"] {
  const pending = new Set<Promise<unknown>>();
  return async (hook, signal) => {
    const { facts, isSubagent } = hook;
    // If nothing is pending, take the prompt at once: a pause that waits for the first hook must find its turn open.
    if (facts.kind === "prompt" && !isSubagent && pending.size > 0) await Promise.allSettled(pending);
    const taking = take(hook, signal);
    if (!mayBeLast.has(facts.kind) || isSubagent) return await taking;
    pending.add(taking);
    return await taking.finally(() => pending.delete(taking));
  };
}

function takeFirst({ nudge, control }: Pick<HookIntakeOptions, "nudge" | "control">, { facts }: Hook): void {
  nudge();
  // The stop came before the session had begun.
  if (facts.kind === "session_start" && control.stop() !== undefined) control.quiet();
}

/** Whether the hook shows that the turn that runs is over: the CLI waits for its user, or has begun the turn of another prompt. */
function showsEnd(
  { cli, turn }: Pick<HookIntakeOptions, "cli" | "turn">,
  { facts, isIdle, isSubagent, promptId, at }: Hook,
): boolean {
  if (cli.tellsIdle !== true || isSubagent || !turn.isOpen()) return false;
  const isOther = promptId !== undefined && promptId !== turn.promptId();
  if (facts.kind === "prompt") return isOther;
  // The hook may come late, when the next turn has already begun. Its time shows that; its prompt's id does not, because it may be an
  // earlier prompt's.
  return isIdle === true && (at === undefined ? !isOther : turn.hadBegunAt(Date.parse(at)));
}

const verdictWords = new Map<string, string>([
  ["permit", "allow"],
  ["answer", "answered"],
  ["forbid", "deny"],
]);

/** Sends the event for what was decided about a permission or a question. Sends it once, although it is called again if a pause has held the answer. */
function createVerdicts({ dialogs, events }: Pick<HookIntakeOptions, "dialogs" | "events">) {
  const told = new WeakSet<Hook>();
  return {
    /** For a terminal that shows the dialog while the hook waits for its answer (`isBeside`). The first answer counts. */
    watch(hook: Hook, signal: AbortSignal | undefined) {
      const closed = dialogs.open(hook);
      return {
        over: signal === undefined ? closed : AbortSignal.any([closed, signal]),
        isClosed: () => closed.aborted && !told.has(hook),
      };
    },
    /** Returns false if the answer decides nothing. */
    tell(hook: Hook, { type }: HookAnswer): boolean {
      const word = verdictWords.get(type);
      if (word === undefined) return false;
      if (told.has(hook)) return true;
      told.add(hook);
      dialogs.settle(hook);
      events.send({ ...hook.facts, kind: "notification", detail: `permission_response: ${word}` });
      return true;
    },
  };
}

/** Whether a hook of the kind asks the user of the CLI for something. */
function isAsked(kind: string): boolean {
  return kind === "permission" || kind === "question";
}
