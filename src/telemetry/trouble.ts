// Says once that a collector is away, and once that it is back, however many requests fail meanwhile.
import type { OtlpSignal } from "../config/otlp-settings.ts";
import type { Logger } from "../log.ts";

export interface Trouble {
  /** @param reason why the last request of the signal has failed; undefined if it has not */
  tried(signal: OtlpSignal, reason: string | undefined): void;
}

export function createTrouble(log: Pick<Logger, "info" | "warn">): Trouble {
  const reasons = new Map<OtlpSignal, string>();
  return {
    tried(signal, reason) {
      const known = reasons.get(signal);
      if (reason === undefined) {
        reasons.delete(signal);
        if (known !== undefined && reasons.size === 0) log.info("OTLP: everything is sent again");
        return;
      }
      const isTold = [...reasons.values()].includes(reason);
      reasons.set(signal, reason);
      if (!isTold) log.warn(`OTLP: ${signal} are not sent: ${reason}; the agents are not affected`);
    },
  };
}
