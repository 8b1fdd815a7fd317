// The gate that a tool call must pass before it starts: open, held while the agent is paused, or shut once the agent must stop.
// The answer of the tool's hook waits here. The gate uses neither NATS nor the server, so a pause holds while both are away.
import type { HookAnswer } from "../../domain/hook.ts";

export interface Gate {
  /** Who paused the agent; undefined if it is not paused. */
  pausedBy(): string | undefined;
  isShut(): boolean;
  /** Whether a tool call waits at the gate. */
  isHolding(): boolean;
  pause(by: string): void;
  /** Opens the gate, and lets the held calls start. */
  resume(): void;
  /** From now on every call is denied, and the model is told `reason`. This cannot be undone. */
  shut(reason: string): void;
  /**
   * Resolves with whether a tool may start: at once if the gate is open or shut; if it is held, when that changes, or with `deny`
   * after `holdMs`. If the signal aborts, resolves with `go`, because the CLI no longer waits for the answer.
   * @param forMs how long this call is held, if that is not `holdMs`
   */
  pass(signal?: AbortSignal, forMs?: number): Promise<Extract<HookAnswer, { type: "go" | "deny" }>>;
}

export interface GateOptions {
  /** How long a call is held. Must be less than the CLI waits for its hook, because the CLI runs the tool after that. */
  readonly holdMs: number;
  /** Called when a call begins to wait at the gate. */
  readonly onHeld: () => void;
}

export function createGate({ holdMs, onHeld }: GateOptions): Gate {
  let pausedBy: string | undefined;
  let shutReason: string | undefined;
  const held = new Set<() => void>();
  const letGo = () => {
    for (const look of held) look();
  };
  const verdict = (): Extract<HookAnswer, { type: "go" | "deny" }> | undefined => {
    if (shutReason !== undefined) return { type: "deny", reason: shutReason };
    return pausedBy === undefined ? { type: "go" } : undefined;
  };

  return {
    pausedBy: () => pausedBy,
    isShut: () => shutReason !== undefined,
    isHolding: () => held.size > 0,
    pause(by) {
      pausedBy = by;
    },
    resume() {
      pausedBy = undefined;
      letGo();
    },
    shut(reason) {
      shutReason = reason;
      letGo();
    },
    async pass(signal, forMs = holdMs) {
      const now = signal?.aborted ? { type: "go" as const } : verdict();
      if (now !== undefined) return now;
      onHeld();
      const { promise, resolve } = Promise.withResolvers<Extract<HookAnswer, { type: "go" | "deny" }>>();
      const look = () => {
        const then = verdict();
        if (then !== undefined) resolve(then);
      };
      const timer = setTimeout(
        () =>
          resolve({
            type: "deny",
            reason: `You are paused by ${pausedBy}: this call was held and has not run. Call it again to go on waiting; do nothing else meanwhile.`,
          }),
        forMs,
      );
      const leave = () => resolve({ type: "go" });
      signal?.addEventListener("abort", leave, { once: true });
      held.add(look);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        held.delete(look);
        signal?.removeEventListener("abort", leave);
      }
    },
  };
}
