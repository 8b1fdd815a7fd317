// Remembers orders by what a tool call of the client did with them. The bridge keeps two such lists. Orders that
// check_inbox has handed over must not be reported as expired if the bridge takes them from the consumer later. Orders that the client has
// acknowledged must get no second end.
import { pause } from "../waiting.ts";

export interface NotedOrders {
  /** Watches a call whose result may note orders. */
  watch(call: Promise<unknown>): void;
  note(commandIds: readonly string[]): void;
  /** Resolves with true if the order is noted. Waits first for the calls that may still note it. */
  has(commandId: string): Promise<boolean>;
}

export function createNotedOrders(): NotedOrders {
  const noted = new Set<string>();
  /** The calls whose orders may not be noted yet. */
  const calls = new Set<Promise<unknown>>();
  return {
    watch(call) {
      // `note` is called after the result is sent, so the call is not over when its result is there.
      const over = call.catch(() => undefined).then(() => pause(0)); // a call that fails notes nothing
      calls.add(over);
      void over.then(() => calls.delete(over));
    },
    note(commandIds) {
      for (const commandId of commandIds) noted.add(commandId);
    },
    async has(commandId) {
      await Promise.all(calls);
      return noted.has(commandId);
    },
  };
}
