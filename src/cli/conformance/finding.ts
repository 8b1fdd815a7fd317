// What a check of the conformance found: whether a rule of docs/protocol.md holds, the evidence, and what to do if it does not.

/** `untried`: nothing has happened that could show it. */
export type Result = "holds" | "missing" | "untried";

export interface Finding {
  /** The rule, in a few words; unique in one run of the checks. */
  readonly check: string;
  readonly result: Result;
  /** What was seen, or not seen. */
  readonly evidence: string;
  /** What the program must do; absent if the rule holds. */
  readonly hint?: string;
}

/** @param hint used only if the rule does not hold */
export function finding(check: string, holds: boolean, evidence: string, hint: string): Finding {
  return holds ? { check, result: "holds", evidence } : { check, result: "missing", evidence, hint };
}

export function untried(check: string, evidence: string, hint: string): Finding {
  return { check, result: "untried", evidence, hint };
}
