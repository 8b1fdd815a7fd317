// Remembers the orders that check_inbox has handed to the client. Such an order must not be reported as expired, even if the bridge
// takes it from the consumer only later.
import { pause } from "../waiting.ts";

export interface HandedOver {
  /** Watches a call of check_inbox, whose result may hand orders over. */
  watch(call: Promise<unknown>): void;
  /** Notes orders that were handed over. */
  note(commandIds: readonly string[]): void;
  /** Resolves with whether the order was handed over. Waits first for the calls that may still hand it over. */
  has(commandId: string): Promise<boolean>;
}

export function createHandedOver(): HandedOver {
  const given = new Set<string>();
  const calls = new Set<Promise<unknown>>();
  return {
    watch(call) {
      calls.add(call);
      const forget = () => void calls.delete(call);
      call.then(forget, forget);
    },
    note(commandIds) {
      for (const commandId of commandIds) given.add(commandId);
    },
    async has(commandId) {
      if (calls.size > 0) {
        await Promise.allSettled(calls);
        await pause(0); // `note` is called after the result is sent
      }
      return given.has(commandId);
    },
  };
}
