// Pause and resume of a running session: holds and opens the gate, and writes a receipt for each step for which there is evidence.
import type { TakenOrder } from "../../agent-link/read-order.ts";
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import type { Turn } from "../hear/turn.ts";
import { createGate, type Gate } from "./gate.ts";

export interface PausesOptions {
  readonly turn: Turn;
  readonly receipts: Pick<ReceiptQueue, "write">;
  /** How long a tool call is held at the gate. */
  readonly holdMs: number;
}

export interface Pauses {
  readonly gate: Gate;
  /** Holds tool calls from here on, unless the agent is paused already. Returns a function that undoes it. */
  hold(order: TakenOrder): () => void;
  pause(order: TakenOrder): Promise<void>;
  resume(order: TakenOrder): Promise<void>;
  /** The turn has ended, so the next tool call will be held: every open pause is `applied`. */
  turnEnded(): void;
  /** The session has ended: every pause and resume without a final receipt is `failed`. */
  fail(detail: string): void;
}

export function createPauses({ turn, receipts, holdMs }: PausesOptions): Pauses {
  /** Pauses without a final receipt, by `command_id`; true once their receipt `injected` is written. */
  const pauses = new Map<string, boolean>();
  /** Resumes without a receipt. They wait until the CLI calls a hook that can hold a tool. */
  const resumes = new Set<string>();

  const write = (command_id: string, state: "injected" | "applied" | "failed", detail?: string) =>
    receipts.write({
      ...{ command_id, state, route: "hook" },
      ...(detail === undefined ? {} : { detail }),
    });
  const tellPause = (id: string) => {
    if (pauses.get(id) === false) write(id, "injected");
    pauses.set(id, true);
  };
  const settle = (state: "applied" | "failed", detail: string, ids = [...pauses.keys()]) => {
    for (const id of ids.filter((each) => pauses.has(each))) {
      if (state === "applied") tellPause(id);
      write(id, state, detail);
      pauses.delete(id);
    }
  };
  const next = () =>
    turn.holdsOnlyAsked() ? "its next texts wait until it is resumed" : "the next tool call is held";
  const settleHeld = (what: string) => settle("applied", `${what} is held before it starts`);
  const gate = createGate({ holdMs, onHeld: settleHeld });

  return {
    gate,
    hold({ from }) {
      if (gate.pausedBy() !== undefined) return () => undefined;
      gate.pause(from);
      return gate.resume;
    },
    async pause({ command_id, from }) {
      gate.pause(from);
      pauses.set(command_id, false);
      await turn.whenHeld;
      // A resume or the end of the session came in the meantime, and that writes the receipts of this pause.
      if (!pauses.has(command_id) || gate.pausedBy() === undefined) return;
      // If the CLI holds only some tools, nothing shows yet that the running turn is held.
      if (!turn.holdsOnlyAsked()) tellPause(command_id);
      const held = gate.holding();
      if (!turn.isOpen()) settle("applied", `no turn runs; ${next()}`);
      // It was held before this pause: by an earlier one, or while this one was being stored.
      else if (held !== undefined) settleHeld(held);
    },
    async resume({ command_id }) {
      const wasPaused = gate.pausedBy() !== undefined;
      const letGo = [...pauses.keys()];
      gate.resume();
      resumes.add(command_id);
      await turn.whenHeld;
      if (!turn.holdsOnlyAsked()) settle("applied", "resumed before a tool call came", letGo);
      else settle("failed", "resumed before its turn was over; no tool had asked for a permission", letGo);
      if (!resumes.delete(command_id)) return;
      write(command_id, "injected");
      write(command_id, "applied", wasPaused ? "resumed" : "it was not paused");
    },
    turnEnded: () => settle("applied", `the turn has ended; ${next()}`),
    fail(detail) {
      settle("failed", detail);
      for (const id of resumes) write(id, "failed", detail);
      resumes.clear();
    },
  };
}
