// Texts for a turn that runs. An agent that can take them asks for them after its tools (`AcpRow.steer`). The texts wait here until it asks, or
// until the turn is over. Seen with Qwen Code 0.24.4.
import type { Said } from "../live-session.ts";

export interface AcpText {
  readonly text: string;
  /** The order whose text it is. */
  readonly id?: string | undefined;
}

export interface AcpSteering {
  /** Resolves with `steered` when the agent has taken the text; with `busy` if the turn ends first. */
  offer(text: AcpText): Promise<Said>;
  /** Returns the texts that wait, for the agent's request. */
  take(): readonly AcpText[];
  /** The turn is over. */
  turnOver(): void;
}

export function createAcpSteering(): AcpSteering {
  let waiting: { readonly text: AcpText; readonly settle: (said: Said) => void }[] = [];
  const settleAll = (said: Said): readonly AcpText[] => {
    const settled = waiting;
    waiting = [];
    for (const { settle } of settled) settle(said);
    return settled.map(({ text }) => text);
  };
  return {
    offer(text) {
      const { promise, resolve } = Promise.withResolvers<Said>();
      waiting.push({ text, settle: resolve });
      return promise;
    },
    take: () => settleAll("steered"),
    turnOver: () => void settleAll("busy"),
  };
}
