// What a command gets from its process: streams, environment, clock. Only main.ts reads the globals.
import type { Readable, Writable } from "node:stream";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Environment } from "../../runtime.ts";
import type { FleetAnswer, FleetAsk } from "../../server/server-readings.ts";

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
  /**
   * Writes one line of the result to stdout.
   * @param tells names what the line tells. A command that is tried again does not tell it again
   */
  print(line: string, tells?: string): void;
  /** Writes one line that is not part of the result to stderr. */
  note(line: string): void;
  /** Writes one line about what is waited for to stderr, if that is a terminal, and not with `--json`: nobody else reads such a line. */
  progress(line: string): void;
  /** Aborted when the reader of stdout has gone (`| head`), because then nobody reads what is printed. */
  readonly outputEnded: AbortSignal;
  /** By what the command is known again if it is tried a second time. Absent where nothing is tried again. */
  readonly attempt?: Attempt | undefined;
  /** Set where serve runs the command for a client: src/cli/through-serve. */
  readonly serve?: InsideServe | undefined;
  /** Ends the process at once: for a second Ctrl-C, while the first one is still ending things in order. */
  exitNow(code: number): never;
}

/** One call of a command. It is tried a second time, over NATS, if serve does not answer the first time. */
export interface Attempt {
  /** Orders are stored with ids that follow from it, so a second try stores none twice. */
  readonly id: string;
  /** An answer is given as of this time, by which the second try finds it. */
  readonly at: Date;
  readonly isSecond: boolean;
  /** How long the first try has run in serve; undefined if serve has not taken it. */
  readonly servedMs?: number | undefined;
}

/** What serve lends to a command that it runs, in place of a connection of its own. */
export interface InsideServe {
  readonly dataDir: string;
  readonly bus: Bus;
  readonly readFleet: (ask: FleetAsk) => FleetAnswer;
}

/** A second try asks for this long at least what the first one has reached. */
const leastMs = 1_000;

/** What is left of the time to wait, after the first try has waited. */
export function leftToWait(timeoutMs: number, attempt: Attempt | undefined): number {
  return Math.max(timeoutMs - (attempt?.servedMs ?? 0), Math.min(timeoutMs, leastMs));
}

/** How long a second try waits for the server to come back: as long as a connection that was lost would have waited. A first try does not. */
export function patienceOf(timeoutMs: number, attempt: Attempt | undefined): number {
  return attempt?.servedMs === undefined ? 0 : leftToWait(timeoutMs, attempt);
}

/** The name of the person who runs the command, from the environment. Orders and answers are signed with it. */
export function operatorOf({ env }: Pick<CliContext, "env">): string {
  return env.USER || env.USERNAME || "operator";
}
