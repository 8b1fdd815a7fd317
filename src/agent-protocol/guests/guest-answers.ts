// The receipts of people's answers to a guest's questions. Other messages a guest does not take.

import type { ReceiptFacts } from "../../agent-link/receipt-queue.ts";
import { isWaiting } from "../../domain/receipts.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Server } from "../../server/server.ts";

export interface GuestAnswers {
  /** The answers were published, and somebody listened there; or nobody did. */
  told(ids: readonly string[], isHeard: boolean): void;
  /** Ends those that still wait, because nobody waits for them any more. */
  endOthers(): Promise<void>;
}

export interface GuestAnswersOptions {
  readonly id: AgentId;
  readonly server: { readonly fleet: Pick<Server["fleet"], "get"> } & Pick<Server, "catchUp">;
  readonly write: (facts: ReceiptFacts) => void;
  readonly route: string;
}

export function createGuestAnswers({ id, server, write, route }: GuestAnswersOptions): GuestAnswers {
  /** Those whose receipts are written, and may not be in the record yet. */
  const written = new Set<string>();
  const fail = (command_id: string, detail: string) => write({ command_id, state: "failed", route, detail });
  return {
    told(ids, isHeard) {
      for (const command_id of ids) {
        written.add(command_id);
        if (isHeard) write({ command_id, state: "injected", route });
        else fail(command_id, "nobody listens for this answer any more");
      }
    },
    async endOthers() {
      await server.catchUp(id);
      for (const command of server.fleet.get(id)?.commands ?? []) {
        const { type, command_id } = command;
        if (type !== "message" || !isWaiting(command) || written.has(command_id)) continue;
        written.add(command_id);
        fail(command_id, "it does not wait for this answer any more");
      }
    },
  };
}
