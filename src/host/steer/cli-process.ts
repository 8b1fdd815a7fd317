/** The CLI as a process of ours. */
export interface CliProcess {
  /** Asks it to end. */
  terminate(): void;
  kill(): void;
  /** Resolves with how it ended, in words: `exit code 0`, `SIGTERM`. */
  readonly ended: Promise<string>;
}
