// One prompt at a time for each agent, so that each caller gets the answer to its own prompt. The others wait for their turn.
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";

export interface AgentQueues {
  /**
   * Acts when the acts before are over. Once it acts, the signal is its own business.
   * @throws CliaiError `too_many_tries` if too many wait already; `interrupted`, at once, if the signal aborts before its turn
   */
  run<T>(id: AgentId, act: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** How many prompts the agent has: the one that it works on, and those that wait. */
  count(id: AgentId): number;
}

const mostWaiting = 16;

export function createAgentQueues(): AgentQueues {
  const counts = new Map<AgentId, number>();
  const last = new Map<AgentId, Promise<unknown>>();
  const count = (id: AgentId) => counts.get(id) ?? 0;
  return {
    count,
    async run(id, act, signal) {
      if (count(id) > mostWaiting) {
        throw new CliaiError("too_many_tries", `${mostWaiting} prompts wait for ${id} already`);
      }
      counts.set(id, count(id) + 1);
      const before = last.get(id) ?? Promise.resolve();
      const own = actInTurn(id, before, act, signal);
      // Those behind wait for those before also if this one has left. Whoever waits for `own` gets its error.
      const settled = Promise.allSettled([before, own]);
      last.set(id, settled);
      void settled.then(() => {
        if (last.get(id) === settled) last.delete(id);
      });
      try {
        return await own;
      } finally {
        const left = count(id) - 1;
        if (left > 0) counts.set(id, left);
        else counts.delete(id);
      }
    },
  };
}

/** For a prompt that has not become a task. */
export function notGiven(id: AgentId): CliaiError {
  return new CliaiError("interrupted", `the prompt was not given to ${id}: this peer is no longer served`);
}

async function actInTurn<T>(
  id: AgentId,
  before: Promise<unknown>,
  act: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const { promise: left, resolve: leave } = Promise.withResolvers<void>();
  const onAbort = () => leave();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) leave();
  await Promise.race([before, left]);
  signal.removeEventListener("abort", onAbort);
  if (signal.aborted) throw notGiven(id);
  return await act();
}
