// What the CLI's hooks have shown of its turn: whether any are called, whether those that can hold it are, whether the
// model is at work, and which subagents are.

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
  /** A sign that a turn runs; of which prompt, where the CLI says so. */
  begin(promptId?: string): void;
  end(): void;
  /** The last prompt of the turn that runs, where the CLI has said which. */
  promptId(): string | undefined;
  /** How many subagents run: they go on when the turn has ended. */
  subagents(): number;
  noteSubagent(id: string, isAtWork: boolean): void;
  /** The CLI has said which run. Those that do not any more: one that its user has ended tells no end of its own. */
  noteSubagents(ids: readonly string[]): readonly string[];
}

export function createTurn(): Turn {
  const held = Promise.withResolvers<void>();
  let hookedAtMs: number | undefined;
  let isHeld = false;
  let isOpen = false;
  let lastPromptId: string | undefined;
  let subagents: ReadonlySet<string> = new Set();
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
    begin(promptId) {
      isOpen = true;
      lastPromptId = promptId ?? lastPromptId;
    },
    end() {
      isOpen = false;
      lastPromptId = undefined;
    },
    promptId: () => lastPromptId,
    subagents: () => subagents.size,
    noteSubagent(id, isAtWork) {
      const others = [...subagents].filter((other) => other !== id);
      subagents = new Set(isAtWork ? [...others, id] : others);
    },
    noteSubagents(ids) {
      const gone = [...subagents].filter((id) => !ids.includes(id));
      subagents = new Set(ids);
      return gone;
    },
  };
}
