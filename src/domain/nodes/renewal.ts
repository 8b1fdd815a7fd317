// When credentials that end are signed again.

export interface SignedTimes {
  /** In milliseconds since 1970. */
  readonly issuedAtMs: number;
  /** Undefined for credentials that do not end. */
  readonly expiresAtMs: number | undefined;
}

/** From half of their time on, also after their end. */
export function isRenewalDue({ issuedAtMs, expiresAtMs }: SignedTimes, now: Date): boolean {
  return expiresAtMs !== undefined && now.getTime() >= (issuedAtMs + expiresAtMs) / 2;
}
