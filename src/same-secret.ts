// Compares a secret that was sent with the expected one. Every room that checks a secret uses this.
import { createHash, timingSafeEqual } from "node:crypto";

/** Takes the same time for equal and for different texts, wherever they differ, so that nobody can guess a secret by measuring times. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
