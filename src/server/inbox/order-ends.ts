// Stores the receipts with which serve itself ends orders. Another part of serve, another serve or the agent's host may end the same order at
// the same moment. So a receipt is stored only if this serve has read all stored receipts of the agent. `mostTries` is the exception.
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Receipt } from "../../domain/wire/messages.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { isOvertaken } from "../../nats/errors.ts";
import { mostReadingTries, notRead } from "../fleet/caught-up.ts";
import type { Projector } from "../fleet/projector.ts";

/**
 * How often it is tried, because each new receipt of the agent makes a try fail. The last try stores the receipt without that condition: an
 * end that comes second does no harm, because only the first end of an order counts.
 */
const mostTries = mostReadingTries;

export interface OrderEndsOptions {
  readonly bus: Pick<Bus, "publishStored">;
  readonly projector: Pick<Projector, "catchUp">;
}

/** An agent's receipt, without the agent. */
export type EndReceipt = Omit<Receipt, "agent_id">;

export interface OrderEnds {
  /**
   * Stores the receipt that `decide` returns. `decide` is called when all stored receipts of the agent have been read, and again if another
   * one was stored before its own. Resolves with what it returned last; undefined if the order needs no end any more.
   * @throws what `decide` throws; CliaiError `server_unreachable`; `no_answer`, also if the receipts could not be read in time
   */
  store(
    id: AgentId,
    decide: () => EndReceipt | undefined,
    options?: { readonly timeoutMs?: number },
  ): Promise<EndReceipt | undefined>;
}

export function createOrderEnds({ bus, projector }: OrderEndsOptions): OrderEnds {
  /** For each agent, the end that is stored last. The ends are stored one after the other, because two at once would make each other's tries fail. */
  const inTurn = new Map<AgentId, Promise<unknown>>();

  const storeNow = async (
    id: AgentId,
    decide: () => EndReceipt | undefined,
    options: { readonly timeoutMs?: number },
  ) => {
    for (let tries = 1; ; tries += 1) {
      const lastSeq = await projector.catchUp(id);
      if (lastSeq === undefined && tries < mostTries) continue;
      if (lastSeq === undefined) throw notRead(id);
      const receipt = decide();
      if (receipt === undefined) return undefined;
      const expected = tries < mostTries ? { lastSeq } : {};
      try {
        await bus.publishStored(
          agentSubject(id, "receipt"),
          { agent_id: id, ...receipt },
          { ...options, ...expected },
        );
        return receipt;
      } catch (error) {
        if (!isOvertaken(error)) throw error;
      }
    }
  };
  return {
    async store(id, decide, options = {}) {
      const before = (inTurn.get(id) ?? Promise.resolve()).catch(() => undefined); // its own caller gets the error
      const storing = before.then(() => storeNow(id, decide, options));
      inTurn.set(id, storing);
      try {
        return await storing;
      } finally {
        if (inTurn.get(id) === storing) inTurn.delete(id);
      }
    },
  };
}
