// The gate at the agent's tool boundary: open, held while the agent is paused, shut once it is to stop. A hook's answer
// waits here. It needs neither NATS nor a server: a pause holds while both are away.
import type { HookAnswer } from "../../domain/hook.ts";

export interface Gate {
  /** Who paused it, while it is. */
  pausedBy(): string | undefined;
  isShut(): boolean;
  /** Whether a call waits at it. */
  isHolding(): boolean;
  pause(by: string): void;
  /** Lets go what is held. */
  resume(): void;
  /** No tool starts any more: the model is told why. There is no way back. */
  shut(reason: string): void;
  /**
   * Whether a tool may start: at once while the gate is open, else when it opens, or with a reason when it will not. Once
   * the signal aborts, nobody waits at it any more.
   */
  pass(signal?: AbortSignal): Promise<Extract<HookAnswer, { type: "go" | "deny" }>>;
}

export interface GateOptions {
  /** How long a call is held; longer than the CLI waits for its hook would let the tool run. */
  readonly holdMs: number;
  /** A call has come to the gate and is held. */
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
    async pass(signal) {
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
        holdMs,
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
