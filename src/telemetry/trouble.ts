// Says once for each reason that a collector does not take something, and once that it takes everything again, however many requests fail meanwhile.
import type { OtlpSignal } from "../config/otlp-settings.ts";
import type { Logger } from "../log.ts";

export interface Trouble {
  /** @param reason why the last request of the signal has failed; undefined if it has not */
  tried(signal: OtlpSignal, reason: string | undefined): void;
}

export function createTrouble(log: Pick<Logger, "info" | "warn">): Trouble {
  const failing = new Set<OtlpSignal>();
  /** Kept until everything is sent again: a collector may fail now in this way and now in that. */
  const told = new Set<string>();
  return {
    tried(signal, reason) {
      if (reason === undefined) {
        if (!failing.delete(signal) || failing.size > 0) return;
        told.clear();
        log.info("OTLP: everything is sent again");
        return;
      }
      failing.add(signal);
      if (told.has(reason)) return;
      told.add(reason);
      log.warn(`OTLP: ${signal} are not sent: ${reason}; the agents are not affected`);
    },
  };
}
