// Reads from nats-server's log what it has refused to which user. nats-server reports this only in its log.

export interface Violation {
  /** The public key of the connection's user. */
  readonly userKey: string;
  readonly act: "publish on" | "subscribe to";
  readonly subject: string;
}

/**
 * Matches a line about a refusal. nats-server 2.15 names the user before the act (`…/nkey:U…" - Publish Violation - Subject "x"`),
 * 2.9 after it (`- Nkey "U…", Subject "x"`). The match is at the end of the line, because the connection's own name comes before
 * it and may contain any text, but with its quotes escaped. A subject contains no blank.
 */
const line =
  /(?: - "[^" ]*\/nkey:(U[A-Z2-7]{55})")? - (Publish|Subscription) Violation - (?:Nkey "(U[A-Z2-7]{55})", )?Subject "(\S+)"(?:,.*)?$/;

/** Undefined for a line about anything else. */
export function parseViolation(text: string): Violation | undefined {
  const [, before, act, after, subject] = line.exec(text) ?? [];
  const userKey = before ?? after;
  if (userKey === undefined || subject === undefined) return undefined;
  return { userKey, act: act === "Publish" ? "publish on" : "subscribe to", subject };
}

/** How often the same act was refused to the same user. `subject` is the last one. */
export interface RepeatedViolation extends Violation {
  readonly times: number;
}

/** Refusals are counted for this long and then reported, because a faulty agent can cause tens of thousands a second. */
const tellEveryMs = 200;

export interface ViolationReader {
  /** Takes a line of nats-server's log. */
  read(line: string): void;
  /** Reports what was counted and not reported yet. */
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
