// Compares a secret that was sent with the expected one. Every room that checks a secret uses this.
import { createHash, timingSafeEqual } from "node:crypto";

/** Takes the same time whether, and wherever, the two differ, so that nobody can guess a secret by measuring. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
