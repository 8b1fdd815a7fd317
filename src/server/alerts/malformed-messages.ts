// Counts, records and raises the messages that could not be understood.
import type { AuditRecords, MalformedMessage } from "../../audit/records.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import type { Lease } from "../lease.ts";
import type { AlertCause, Alerts } from "./alerts.ts";

/** How much of a message that could not be understood is kept with its alert. */
const sampleBytes = 4_096;

export interface MalformedMessages {
  /** One that every serve has had. */
  take(message: MalformedMessage): void;
  /** One that this serve alone has had. */
  takeOwn(message: MalformedMessage): void;
  /** So many since the start. */
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
