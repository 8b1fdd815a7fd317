// A line of the log, or an alert, as it is sent.
import { redact } from "../domain/text/redact.ts";
import type { Alert } from "../domain/wire/messages.ts";
import type { Logger } from "../log.ts";
import type { Attributes } from "./span.ts";

export interface LogEntry {
  readonly atMs: number;
  readonly severity: "debug" | "info" | "warn" | "error" | "critical";
  readonly text: string;
  /** A name of a kind of events; absent for a line of the log. */
  readonly eventName?: string;
  readonly attributes?: Attributes;
}

/** A logger that also hands on each line of the levels info, warn and error, whichever level is printed. */
export function createSendingLogger(
  inner: Logger,
  send: (entry: Pick<LogEntry, "severity" | "text">) => void,
): Logger {
  const both = (severity: "info" | "warn" | "error") => (text: string) => {
    inner[severity](text);
    send({ severity, text: redact(text) });
  };
  return { debug: inner.debug, info: both("info"), warn: both("warn"), error: both("error") };
}

const severities = { info: "info", warning: "warn", critical: "critical" } as const;

export function alertEntry(alert: Alert): LogEntry {
  const { alert_id, kind, severity, agent_id, message, count, last_seen, first_seen, resolved_at } = alert;
  return {
    atMs: Date.parse(resolved_at ?? last_seen ?? first_seen),
    severity: resolved_at === undefined ? severities[severity] : "info",
    text: redact(message),
    eventName: resolved_at === undefined ? "cliai.alert" : "cliai.alert.resolved",
    attributes: {
      "cliai.alert.id": alert_id,
      "cliai.alert.kind": kind,
      "cliai.alert.count": count,
      ...(agent_id === undefined ? {} : { "gen_ai.agent.id": agent_id }),
    },
  };
}
