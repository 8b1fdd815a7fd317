// What nats-server refuses to whoever is connected: it tells nobody but its log.

export interface Violation {
  /** The public key that the connection has named. */
  readonly userKey: string;
  readonly act: "publish on" | "subscribe to";
  readonly subject: string;
}

/**
 * nats-server 2.15 names the user before the act (`…/nkey:U…" - Publish Violation - Subject "x"`), 2.9 after it (`- Nkey "U…",
 * Subject "x"`). Read from the line's end: before it stands the connection's own name, which may be anything but has its
 * quotes escaped; a subject has no blank.
 */
const line =
  /(?: - "[^" ]*\/nkey:(U[A-Z2-7]{55})")? - (Publish|Subscription) Violation - (?:Nkey "(U[A-Z2-7]{55})", )?Subject "(\S+)"(?:,.*)?$/;

/** Undefined for a line of nats-server's log about anything else. */
export function parseViolation(text: string): Violation | undefined {
  const [, before, act, after, subject] = line.exec(text) ?? [];
  const userKey = before ?? after;
  if (userKey === undefined || subject === undefined) return undefined;
  return { userKey, act: act === "Publish" ? "publish on" : "subscribe to", subject };
}
