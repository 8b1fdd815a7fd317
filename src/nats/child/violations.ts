// Reads from nats-server's log what it refused to whom. It tells this nobody else.

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

/** The same act of the same user, so many times; the subject is the last one's. */
export interface RepeatedViolation extends Violation {
  readonly times: number;
}

/** Counts refusals for this long before it reports them, because a faulty agent can be refused tens of thousands of times a second. */
const tellEveryMs = 200;

export interface ViolationReader {
  /** A line of nats-server's log. */
  read(line: string): void;
  /** Tells what it has not told yet. */
  flush(): void;
}

export function createViolationReader(tell: (violation: RepeatedViolation) => void): ViolationReader {
  const untold = new Map<string, RepeatedViolation>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const all = [...untold.values()];
    untold.clear();
    for (const violation of all) tell(violation);
  };
  return {
    read(line) {
      const violation = parseViolation(line);
      if (violation === undefined) return;
      const key = `${violation.userKey} ${violation.act}`;
      untold.set(key, { ...violation, times: (untold.get(key)?.times ?? 0) + 1 });
      timer ??= setTimeout(flush, tellEveryMs);
    },
    flush,
  };
}
