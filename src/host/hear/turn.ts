// What the CLI has shown of its turn: whether any hooks are called, whether those that can hold it are, and whether the model is
// at work.

export interface Turn {
  /** Whether a turn runs, as far as hooks show; never before the first of them. */
  isOpen(): boolean;
  /** Whether one may run: before the first hook nobody knows. */
  mayBeOpen(): boolean;
  /** Some hook was called: the session has begun, and takes words. */
  isHooked(): boolean;
  /** The CLI has shown that it calls the hook by which a tool is held. */
  isHeld(): boolean;
  readonly whenHeld: Promise<void>;
  /** Since the first hook; 0 before it. */
  hookedForMs(): number;
  /** A hook was called; true for the first. */
  noteHook(): boolean;
  /** The CLI calls the hook by which a tool is held. */
  noteHeld(): void;
  /**
   * A prompt is offered: a hook of the user's may keep it from the model.
   * @param isSentNow whether it is about to be sent; else it may wait for the end of the turn that runs
   * @param promptId of which prompt it is a sign, where the CLI says so
   */
  offerPrompt(atMs: number, isSentNow: boolean, promptId?: string): void;
  /** The model is at work. */
  begin(atMs: number, promptId?: string): void;
  /** The last prompt of the turn that runs, where the CLI has said which. */
  promptId(): string | undefined;
  /** The model wants to end: a hook of the user's may keep it going. */
  noteEnding(): void;
  /** The prompt is in the conversation, or was answered at that time. */
  noteTaken(atMs: number): void;
  /** The CLI says that a turn was over at that time. Whether none runs now. */
  isOverAt(atMs: number): boolean;
  /** A result says that a turn is over. Whether none runs now: the next may have begun. */
  isOverByResult(wasAsked: boolean): boolean;
  /** A prompt was kept from the model. Whether no turn runs now. */
  isOverByRefusal(): boolean;
  end(): void;
}

export function createTurn(): Turn {
  const held = Promise.withResolvers<void>();
  let hookedAtMs: number | undefined;
  let isHeld = false;
  let isOpen = false;
  let lastPromptId: string | undefined;
  let isEnding = false;
  /** Whether a prompt was offered, and is not known to be before the model. */
  let isPromptOffered = false;
  /** When the hook came that shows it open, by the clock of this machine: the CLI's record is written by the same. */
  let beganAtMs = 0;
  return {
    isOpen: () => isOpen,
    mayBeOpen: () => isOpen || hookedAtMs === undefined,
    isHooked: () => hookedAtMs !== undefined,
    isHeld: () => isHeld,
    whenHeld: held.promise,
    hookedForMs: () => (hookedAtMs === undefined ? 0 : performance.now() - hookedAtMs),
    noteHook() {
      if (hookedAtMs !== undefined) return false;
      hookedAtMs = performance.now();
      return true;
    },
    noteHeld() {
      isHeld = true;
      held.resolve();
    },
    offerPrompt(atMs, isSentNow, promptId) {
      if (isSentNow || !isOpen || isEnding) isPromptOffered = true;
      isOpen = true;
      lastPromptId = promptId ?? lastPromptId;
      beganAtMs = atMs;
    },
    begin(atMs, promptId) {
      isOpen = true;
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
    noteTaken(atMs) {
      if (atMs >= beganAtMs) isPromptOffered = false;
    },
    isOverAt(atMs) {
      // Read late: another turn has begun since.
      if (!isOpen || atMs < beganAtMs) return false;
      isEnding = false;
      return !isPromptOffered;
    },
    isOverByResult(wasAsked) {
      // The result of a turn that was asked is not that of a prompt which nothing has shown since.
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
      isOpen = false;
      lastPromptId = undefined;
      isEnding = false;
      isPromptOffered = false;
    },
  };
}
