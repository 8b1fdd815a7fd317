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
  /** The calls whose orders may not be noted yet. */
  const calls = new Set<Promise<unknown>>();
  return {
    watch(call) {
      // `note` is called after the result is sent, so the call is not over when its result is there.
      const noted = call.catch(() => undefined).then(() => pause(0)); // a call that fails hands nothing over
      calls.add(noted);
      void noted.then(() => calls.delete(noted));
    },
    note(commandIds) {
      for (const commandId of commandIds) given.add(commandId);
    },
    async has(commandId) {
      await Promise.all(calls);
      return given.has(commandId);
    },
  };
}
