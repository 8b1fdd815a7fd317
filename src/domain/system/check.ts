// This room decides what the system page and `cliai doctor` say: results of checks, what to do about alerts, who is behind.
//
// One check of `cliai doctor`, and its result.

export interface Check {
  /** What was checked, in a word: `files`, `clock`, … */
  readonly check: string;
  readonly ok: boolean;
  readonly message: string;
  /** The one action that fixes the problem; absent if there is none. */
  readonly remedy?: string;
}

export function well(check: string, message: string): Check {
  return { check, ok: true, message };
}

export function finding(check: string, message: string, remedy: string): Check {
  return { check, ok: false, message, remedy };
}

/** The results of one run of the checks. */
export interface CheckRun {
  /** When it ended, RFC 3339. */
  readonly at: string;
  readonly checks: readonly Check[];
}
