// Remembers what check_inbox has given to the client. Such a command does not expire any more, even if its order reaches
// the bridge later.
import { pause } from "../waiting.ts";

export interface HandedOver {
  /** Notes a call whose result may hand items over. */
  watch(call: Promise<unknown>): void;
  note(commandIds: readonly string[]): void;
  /** Resolves when no call is on its way that may still hand it over. */
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
        await pause(0); // what a result hands over is noted once it has left
      }
      return given.has(commandId);
    },
  };
}
