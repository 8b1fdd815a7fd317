/** The CLI as a process of ours. */
export interface CliProcess {
  /** Ends it and what it has started, by force where it does not go by itself. Resolves when that is done. */
  end(): Promise<void>;
  /** Resolves with how it ended, in words: `exit code 0`, `SIGTERM`. */
  readonly ended: Promise<string>;
}
