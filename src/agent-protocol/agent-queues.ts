// One prompt at a time for each agent, so that each caller gets the answer to its own prompt. The others wait for their turn.
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";

export interface AgentQueues {
  /** Acts when the acts before are over. @throws CliaiError `too_many_tries` if too many wait already */
  run<T>(id: AgentId, act: () => Promise<T>): Promise<T>;
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
    async run(id, act) {
      if (count(id) > mostWaiting) {
        throw new CliaiError("too_many_tries", `${mostWaiting} prompts wait for ${id} already`);
      }
      counts.set(id, count(id) + 1);
      const before = last.get(id) ?? Promise.resolve();
      const own = before.then(act);
      const settled = own.catch(() => undefined); // whoever waits for `own` gets the error
      last.set(id, settled);
      try {
        return await own;
      } finally {
        counts.set(id, count(id) - 1);
        if (last.get(id) === settled) {
          last.delete(id);
          counts.delete(id);
        }
      }
    },
  };
}
