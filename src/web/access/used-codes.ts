// Takes each login code and each pairing code once. Used codes are kept in memory until they have expired: a code names the run of `serve`, so a
// restart makes all of them void.
import { checkProof, type Proof, type Purpose } from "./signed-codes.ts";

export interface Codes {
  /** Whether the code would be taken. */
  isGood(purpose: Purpose, code: string): boolean;
  /** Takes the code: returns the HTTP token that has signed it, or undefined if it is not good. */
  take(purpose: Purpose, code: string): string | undefined;
}

/** @param token returns the present HTTP token; undefined if there is none, and then no code is good */
export function createCodes(token: () => string | undefined, now: () => Date): Codes {
  const used = new Map<string, Date>();
  const check = (purpose: Purpose, code: string): { proof: Proof; current: string } | undefined => {
    const current = token();
    const proof = current === undefined ? undefined : checkProof(current, purpose, code, now());
    for (const [nonce, expiresAt] of used) if (expiresAt <= now()) used.delete(nonce);
    if (current === undefined || proof === undefined || used.has(proof.nonce)) return undefined;
    return { proof, current };
  };
  return {
    isGood: (purpose, code) => check(purpose, code) !== undefined,
    take: (purpose, code) => {
      const found = check(purpose, code);
      if (found === undefined) return undefined;
      used.set(found.proof.nonce, found.proof.expiresAt);
      return found.current;
    },
  };
}
