// Compares a secret that was given with the one that is expected. Every room that takes a secret compares by this.
import { createHash, timingSafeEqual } from "node:crypto";

/** In a time that tells neither where nor whether the lengths differ. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
