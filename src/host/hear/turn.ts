// Keeps what the CLI has shown of its turn: whether it calls hooks, whether it calls those by which a tool can be held, and whether
// a turn runs.

export interface Turn {
  /** Whether hooks show that a turn runs. False before the first hook. */
  isOpen(): boolean;
  /** Whether hooks show that a turn runs, or that one has ended less than this time ago. */
  ranWithinMs(ms: number): boolean;
  /** Whether a turn may run. True before the session has begun, because nothing is known by then. */
  mayBeOpen(): boolean;
  /** The session has begun, although no hook was called yet (`beginsByPrompt`). */
  noteBegun(): void;
  /** Whether the session has begun: `noteBegun` or a hook has told it. */
  hasBegun(): boolean;
  /** Whether any hook was called: then the session has begun, and takes text. */
  isHooked(): boolean;
  /** Whether any prompt was submitted in this run, or a turn has run. */
  wasPrompted(): boolean;
  /** Whether the CLI has shown that it calls the hook by which the gate holds a tool. */
  isHeld(): boolean;
  /** Whether the CLI calls that hook only for tools that ask for a permission. Then a pause may not hold the turn that runs. */
  holdsOnlyAsked(): boolean;
  /** Resolves once it is known which tools the gate holds. */
  readonly whenHeld: Promise<void>;
  /** Milliseconds since the first hook; 0 before it. */
  hookedForMs(): number;
  /** A hook was called. Returns whether it was the first. */
  noteHook(): boolean;
  /** The CLI has shown that it calls the hook by which the gate holds a tool: for every tool, or only for those that ask for a permission. */
  noteHeld(which?: "every" | "asked"): void;
  /**
   * The user (or a route) has submitted a prompt. One of the user's hooks may still keep it from the model.
   * @param atMs when the hook came, in ms since 1970, by the clock of this machine
   * @param isSentNow whether the CLI sends it at once; if not, it may wait for the end of the turn that runs
   * @param promptId the CLI's id of the prompt, if it gives one
   */
  offerPrompt(atMs: number, isSentNow: boolean, promptId?: string): void;
  /** The model calls a tool, so the turn runs and the model has its prompt. */
  begin(atMs: number, promptId?: string): void;
  /** The id of the last prompt of the turn that runs, if the CLI has given one. */
  promptId(): string | undefined;
  /** Our hook has let the turn end. One of the user's hooks may still keep it going. */
  noteEnding(): void;
  /** Whether our hook has let the turn end, and nothing has shown since that it is over, or that it goes on. */
  isEnding(): boolean;
  /** At this time a prompt was in the conversation, or the model answered. */
  noteTaken(atMs: number): void;
  /** Whether a turn runs that had begun at this time. */
  hadBegunAt(atMs: number): boolean;
  /** The CLI says that a turn was over at this time. Returns whether no turn runs now. */
  isOverAt(atMs: number): boolean;
  /**
   * A result says that a turn is over. Returns whether no turn runs now, because the next one may have begun.
   * @param wasAsked whether a request went to the model and was answered
   */
  isOverByResult(wasAsked: boolean): boolean;
  /** A prompt was kept from the model. Returns whether this ends the turn. */
  isOverByRefusal(): boolean;
  /** No turn runs any more. */
  end(): void;
}

export function createTurn(): Turn {
  const held = Promise.withResolvers<void>();
  let hookedAtMs: number | undefined;
  let isNotedBegun = false;
  let isHeld = false;
  let holdsOnlyAsked = false;
  let isOpen = false;
  let endedAtMs = Number.NEGATIVE_INFINITY;
  let wasPrompted = false;
  let lastPromptId: string | undefined;
  let isEnding = false;
  /** Whether a prompt was offered that the model is not known to have. */
  let isPromptOffered = false;
  /** When the hook came that shows the turn open, in ms since 1970. The CLI's record has times of the same clock. */
  let beganAtMs = 0;
  const hasBegun = () => isNotedBegun || hookedAtMs !== undefined;
  return {
    isOpen: () => isOpen,
    ranWithinMs: (ms) => isOpen || performance.now() - endedAtMs < ms,
    mayBeOpen: () => isOpen || !hasBegun(),
    noteBegun() {
      isNotedBegun = true;
    },
    hasBegun,
    isHooked: () => hookedAtMs !== undefined,
    isHeld: () => isHeld,
    holdsOnlyAsked: () => holdsOnlyAsked,
    wasPrompted: () => wasPrompted,
    whenHeld: held.promise,
    hookedForMs: () => (hookedAtMs === undefined ? 0 : performance.now() - hookedAtMs),
    noteHook() {
      if (hookedAtMs !== undefined) return false;
      hookedAtMs = performance.now();
      return true;
    },
    noteHeld(which = "every") {
      isHeld ||= which === "every";
      holdsOnlyAsked = !isHeld;
      held.resolve();
    },
    offerPrompt(atMs, isSentNow, promptId) {
      if (isSentNow || !isOpen || isEnding) isPromptOffered = true;
      isOpen = true;
      wasPrompted = true;
      lastPromptId = promptId ?? lastPromptId;
      beganAtMs = atMs;
    },
    begin(atMs, promptId) {
      isOpen = true;
      wasPrompted = true;
      lastPromptId = promptId ?? lastPromptId;
      isPromptOffered = false;
      isEnding = false;
      beganAtMs = atMs;
    },
    promptId: () => lastPromptId,
    noteEnding() {
      isEnding = true;
      isPromptOffered = false;
    },
    isEnding: () => isOpen && isEnding,
    noteTaken(atMs) {
      if (atMs >= beganAtMs) isPromptOffered = false;
    },
    hadBegunAt: (atMs) => isOpen && atMs >= beganAtMs,
    isOverAt(atMs) {
      // The line is about an earlier turn: another one has begun since.
      if (!isOpen || atMs < beganAtMs) return false;
      isEnding = false;
      return !isPromptOffered;
    },
    isOverByResult(wasAsked) {
      // The result belongs to a turn that the model answered. The offered prompt begins the next turn.
      if (!wasAsked || !isPromptOffered) return true;
      isEnding = false;
      return false;
    },
    isOverByRefusal() {
      const wasOffered = isPromptOffered;
      isPromptOffered = false;
      return isOpen && wasOffered && !isEnding;
    },
    end() {
      if (isOpen) endedAtMs = performance.now();
      isOpen = false;
      lastPromptId = undefined;
      isEnding = false;
      isPromptOffered = false;
    },
  };
}
