// What a command gets of its process: streams, environment, clock. main.ts reads the globals.
import type { Readable, Writable } from "node:stream";
import type { Logger } from "../../log.ts";
import type { Environment } from "../../runtime.ts";

export interface CliContext {
  readonly env: Environment;
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly log: Logger;
  /** Whether results are to be JSON: `--json` was given. */
  readonly json: boolean;
  /** Whether a person reads stdout, and how wide their terminal is. */
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly color: boolean;
  readonly now: () => Date;
  /** Writes one line of the result to stdout. */
  print(line: string): void;
  /** Writes one line about the work to stderr. */
  note(line: string): void;
  /** Aborted when the reader of stdout has gone (`| head`): there is nobody to print to. */
  readonly outputEnded: AbortSignal;
  /** Ends the process where it stands: for a second Ctrl-C while the first is being obeyed. */
  exitNow(code: number): never;
}

/** Who gives an order or an answer by a command, as the system names them. */
export function operatorOf({ env }: Pick<CliContext, "env">): string {
  return env.USER || env.USERNAME || "operator";
}
