// The gate that a tool call must pass before it starts: open, held while the agent is paused, or shut once the agent must stop.
// The answer of the tool's hook waits here. The gate uses neither NATS nor the server, so a pause holds while both are away.
import type { HookAnswer } from "../../domain/hook.ts";
import { pause as wait } from "../../waiting.ts";

export interface Gate {
  /** Who paused the agent; undefined if it is not paused. */
  pausedBy(): string | undefined;
  isShut(): boolean;
  /** What has waited longest at the gate; undefined if nothing waits. */
  holding(): Held | undefined;
  pause(by: string): void;
  /** Opens the gate, and lets the held calls start. */
  resume(): void;
  /** From now on every call is denied, and the model is told `reason`. This cannot be undone. */
  shut(reason: string): void;
  /**
   * Resolves with whether a tool may start: at once if the gate is open or shut; if it is held, when that changes, or with `deny`
   * after `holdMs`. If the signal aborts, resolves with `go`, because the CLI no longer waits for the answer.
   * @param forMs how long this call is held, if that is not `holdMs`; Infinity: for as long as the pause lasts
   */
  pass(signal?: AbortSignal, forMs?: number): Promise<Verdict>;
  /** Resolves when the agent is not paused, or the gate is shut; or when the signal aborts. For a prompt; a tool call waits in `pass`. */
  whenLetGo(signal: AbortSignal): Promise<void>;
}

type Held = "a tool call" | "its next prompt";

type Verdict = Extract<HookAnswer, { type: "go" | "deny" }>;

export interface GateOptions {
  /** How long a call is held. Must be less than the CLI waits for its hook, because the CLI runs the tool after that. */
  readonly holdMs: number;
  /** Called when something begins to wait at the gate. */
  readonly onHeld: (what: Held) => void;
}

export function createGate({ holdMs, onHeld }: GateOptions): Gate {
  let pausedBy: string | undefined;
  let shutReason: string | undefined;
  const held = new Map<() => void, Held>();
  const letGo = () => {
    for (const look of held.keys()) look();
  };
  const verdict = (): Verdict | undefined => {
    if (shutReason !== undefined) return deny(shutReason);
    return pausedBy === undefined ? go : undefined;
  };
  /** @param late the verdict after `forMs` */
  const hold = async (
    what: Held,
    signal: AbortSignal | undefined,
    forMs: number,
    late: Verdict = go,
  ): Promise<Verdict> => {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const look = () => {
      const then = verdict();
      if (then !== undefined) resolve(then);
    };
    const isOver = new AbortController();
    void wait(forMs, isOver.signal).then(() => resolve(late));
    const leave = () => resolve(go);
    signal?.addEventListener("abort", leave, { once: true });
    held.set(look, what);
    onHeld(what);
    try {
      return await promise;
    } finally {
      isOver.abort();
      held.delete(look);
      signal?.removeEventListener("abort", leave);
    }
  };

  return {
    pausedBy: () => pausedBy,
    isShut: () => shutReason !== undefined,
    holding: () => held.values().next().value,
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
      const now = signal?.aborted ? go : verdict();
      if (now !== undefined) return now;
      const late = deny(
        `You are paused by ${pausedBy}: this call was held and has not run. Call it again to go on waiting; do nothing else meanwhile.`,
      );
      return await hold("a tool call", signal, forMs, late);
    },
    async whenLetGo(signal) {
      if (signal.aborted || verdict() !== undefined) return;
      await hold("its next prompt", signal, Number.POSITIVE_INFINITY);
    },
  };
}

const go = { type: "go" } as const;

function deny(reason: string): Verdict {
  return { type: "deny", reason };
}
