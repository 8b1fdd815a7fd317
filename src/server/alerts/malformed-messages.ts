// Counts the messages that could not be decoded, records them in the audit, and raises alerts about them.
import type { AuditRecords, MalformedMessage } from "../../audit/records.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import type { Lease } from "../lease.ts";
import type { AlertCause, Alerts } from "./alerts.ts";

/** How much of the message is kept with its alert. */
const sampleBytes = 4_096;

export interface MalformedMessages {
  /** Takes a message that every serve has received. */
  take(message: MalformedMessage): void;
  /** Takes a message that only this serve has received. */
  takeOwn(message: MalformedMessage): void;
  /** How many there were since the start. */
  count(): number;
}

export interface MalformedMessagesOptions {
  readonly records: Pick<AuditRecords, "malformed">;
  readonly alerts: Pick<Alerts, "raise" | "raiseOwn">;
  readonly lease: Pick<Lease, "isLeader">;
}

export function createMalformedMessages({
  records,
  alerts,
  lease,
}: MalformedMessagesOptions): MalformedMessages {
  let count = 0;
  return {
    take(message) {
      count += 1;
      if (lease.isLeader()) records.malformed(message);
      alerts.raise(causeOf(message));
    },
    takeOwn(message) {
      count += 1;
      records.malformed(message);
      alerts.raiseOwn(causeOf(message));
    },
    count: () => count,
  };
}

function causeOf({ subject, data, error, id }: MalformedMessage): AlertCause {
  return {
    kind: error instanceof CliaiError && error.code === "refused" ? "refused" : "malformed",
    severity: "warning",
    agentId: id,
    message: redact(`${subject}: ${messageOf(error)}`),
    sample: () => new TextDecoder().decode(data.subarray(0, sampleBytes)),
  };
}
