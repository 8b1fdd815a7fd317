// What the CLI's hooks have shown of its turn: whether they are called at all, and whether the model is at work.

export interface Turn {
  /** Whether a turn runs, as far as hooks show; never before the first of them. */
  isOpen(): boolean;
  /** Whether one may run: before the first hook nobody knows. */
  mayBeOpen(): boolean;
  isHooked(): boolean;
  readonly whenHooked: Promise<void>;
  /** Since the first hook; 0 before it. */
  hookedForMs(): number;
  /** A hook was called; true for the first. */
  noteHook(): boolean;
  begin(): void;
  end(): void;
}

export function createTurn(): Turn {
  const hooked = Promise.withResolvers<void>();
  let hookedAtMs: number | undefined;
  let isOpen = false;
  return {
    isOpen: () => isOpen,
    mayBeOpen: () => isOpen || hookedAtMs === undefined,
    isHooked: () => hookedAtMs !== undefined,
    whenHooked: hooked.promise,
    hookedForMs: () => (hookedAtMs === undefined ? 0 : performance.now() - hookedAtMs),
    noteHook() {
      if (hookedAtMs !== undefined) return false;
      hookedAtMs = performance.now();
      hooked.resolve();
      return true;
    },
    begin() {
      isOpen = true;
    },
    end() {
      isOpen = false;
    },
  };
}
