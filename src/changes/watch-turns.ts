// Keeps the beginning of each turn of the agents on this machine, one after the other, and for a small part of the time only: a large fleet must not
// wait for it. A turn whose beginning was missed is not shown by itself.
import { isAgentHeld } from "../data-dir/agent-lock.ts";
import type { AgentView } from "../domain/fleet/agent-view.ts";
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Logger } from "../log.ts";
import type { Environment } from "../runtime.ts";
import { atMost, pause } from "../waiting.ts";
import { keepTurn } from "./turn-store.ts";

/** Later, the agent may have changed something already. */
const freshForMs = 10_000;
/** For each second of work, so many seconds of rest. */
const restFactor = 4;
const endsWithinMs = 2_000;

export interface TurnWatchOptions {
  readonly fleet: {
    get(id: AgentId): AgentView | undefined;
    list(): readonly AgentView[];
    onChange(listener: (change: { readonly ids: readonly AgentId[] }) => void): () => void;
  };
  readonly dataDir: string;
  readonly env: Environment;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Returns what ends it: it resolves when nothing is being kept any more, or after two seconds. */
export function watchTurns({ fleet, dataDir, env, log, now }: TurnWatchOptions): () => Promise<void> {
  const known = new Map<AgentId, string>();
  const waiting = new Map<AgentId, string>();
  const over = new AbortController();
  let working: Promise<void> | undefined;

  const isFresh = (since: string) => Math.abs(now().getTime() - Date.parse(since)) < freshForMs;
  const work = async () => {
    for (;;) {
      const [next] = waiting;
      if (next === undefined || over.signal.aborted) return;
      const [id, since] = next;
      waiting.delete(id);
      if (!isFresh(since)) continue;
      const begunMs = performance.now();
      try {
        await keepTurn(id, since, { dataDir, env });
      } catch (error) {
        // Not every agent works in a repository, and one that has ended may be removed at once.
        const isUsual =
          (error instanceof CliaiError && error.code === "refused") || !isAgentHeld(dataDir, id);
        if (!isUsual) log.warn(`the beginning of a turn of ${id} was not kept: ${String(error)}`);
      }
      await pause((performance.now() - begunMs) * restFactor, over.signal);
    }
  };
  const look = (id: AgentId) => {
    const turn = fleet.get(id)?.session?.turn;
    if (turn === undefined || known.get(id) === turn.since) return;
    known.set(id, turn.since);
    if (turn.ended_at !== undefined || !isFresh(turn.since)) return;
    waiting.set(id, turn.since);
    working ??= work().finally(() => {
      working = undefined;
    });
  };
  for (const { agent_id, session } of fleet.list())
    if (session?.turn) known.set(agent_id, session.turn.since);
  const unlisten = fleet.onChange(({ ids }) => {
    for (const id of ids) look(id);
  });
  return async () => {
    unlisten();
    over.abort();
    if (working !== undefined) await atMost(endsWithinMs, working);
  };
}
