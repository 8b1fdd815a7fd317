// The error for notices that a target has not taken.

/** Its message says why, in a line, without secrets. */
export class NotTaken extends Error {
  /** Whether the target will not take these notices at any later time. */
  readonly isFinal: boolean;
  /** How long the target asks to wait. */
  readonly waitMs: number | undefined;
  /** What it answered, over HTTP. */
  readonly status: number | undefined;

  constructor(message: string, { isFinal = false, waitMs, status }: NotTakenFacts = {}) {
    super(message);
    this.isFinal = isFinal;
    this.waitMs = waitMs;
    this.status = status;
  }
}

export interface NotTakenFacts {
  readonly isFinal?: boolean;
  readonly waitMs?: number | undefined;
  readonly status?: number | undefined;
}
