// What a command gets from its process: streams, environment, clock. Only main.ts reads the globals.
import type { Readable, Writable } from "node:stream";
import type { Logger } from "../../log.ts";
import type { Environment } from "../../runtime.ts";

export interface CliContext {
  readonly env: Environment;
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly log: Logger;
  /** Makes a logger of the same level that writes elsewhere. @param write takes a whole line */
  logTo(write: (line: string) => void): Logger;
  /** Whether `--json` was given: then results are printed as JSON. */
  readonly json: boolean;
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean;
  /** The width of the terminal; 80 if stdout is not a terminal. */
  readonly columns: number;
  readonly color: boolean;
  readonly now: () => Date;
  /** Writes one line of the result to stdout. */
  print(line: string): void;
  /** Writes one line that is not part of the result to stderr. */
  note(line: string): void;
  /** Writes one line about what is waited for to stderr, if that is a terminal, and not with `--json`: nobody else reads such a line. */
  progress(line: string): void;
  /** Aborted when the reader of stdout has gone (`| head`), because then nobody reads what is printed. */
  readonly outputEnded: AbortSignal;
  /** Ends the process at once: for a second Ctrl-C, while the first one is still ending things in order. */
  exitNow(code: number): never;
}

/** The name of the person who runs the command, from the environment. Orders and answers are signed with it. */
export function operatorOf({ env }: Pick<CliContext, "env">): string {
  return env.USER || env.USERNAME || "operator";
}
