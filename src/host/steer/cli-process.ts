// What the host needs of the process of an agent's CLI.

/** The CLI as a child process of the host. */
export interface CliProcess {
  /** Ends the CLI and the processes that it has started; kills those that do not end by themselves. Resolves when they are gone. */
  end(): Promise<void>;
  /** Resolves with how it ended, in words: `exit code 0`, `SIGTERM`. */
  readonly ended: Promise<string>;
}
