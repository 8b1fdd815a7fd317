// A running agent CLI: reports how it ended, and ends it together with the processes that it has started. If the CLI exits by
// itself, what it leaves running stays, because that may be on purpose. If it was killed, we end the rest, because it could not.
import { constants } from "node:os";
import { messageOf } from "../domain/text/errors.ts";
import { endProcess, endProcesses } from "../processes/end-process.ts";
import { readProcessStart } from "../processes/process-start.ts";
import type { KnownProcess } from "../processes/process-table.ts";
import { findRunProcesses } from "../processes/run-processes.ts";
import { atMost } from "../waiting.ts";

const leftEndsWithinMs = 5_000;

export interface RunningAgent {
  readonly pid: number | undefined;
  /**
   * Ends the CLI, with SIGKILL if it runs on after 5 s, and then the processes that it has left. Further calls return the same
   * promise.
   * @param signal the first signal to send; default SIGTERM
   */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves when the CLI's process has ended; what it has left may still run. Never rejects. */
  readonly exited: Promise<void>;
  /** Whether we end the CLI, or a signal has ended its process. Processes that it has left may still speak for it. */
  isBeingEnded(): boolean;
  /** Resolves with how the CLI ended, such as `exit code 0` or `SIGTERM`. If it was killed: when what it left is ended too. */
  readonly ended: Promise<string>;
  /** Resolves when the CLI has ended. Never rejects: for a CLI that could not be started it resolves with `told`. */
  readonly endedAs: Promise<EndedAs>;
  /**
   * Resolves with the CLI's exit code when it has ended; with 128 plus the signal's number if a signal ended it.
   * Rejects with CliaiError `cli_missing` if it could not be started; the hint has the command that installs it.
   */
  readonly exitCode: Promise<number>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * How the CLI ended. `ended`: by itself, with exit code 0. `told`: because we ended it, or by a signal that asks it to end (SIGTERM, SIGHUP,
 * SIGINT), such as the SIGHUP when its terminal closes. `crashed`: by another signal or exit code.
 */
export type EndedAs = "ended" | "crashed" | "told";

const askingSignals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGINT"];

function endedAs({ code, signal }: Exit, wasTold: boolean): EndedAs {
  if (wasTold) return "told";
  const isAsked = askingSignals.some((each) => each === signal || code === 128 + constants.signals[each]);
  if (isAsked) return "told";
  return code === 0 ? "ended" : "crashed";
}

export interface RunningProcess {
  /** Undefined if the process could not be started. */
  readonly pid: number | undefined;
  /** The run's id in the process's environment (`CLIAI_RUN`). */
  readonly run: string;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Whether the CLI may need a second signal to end. */
  readonly isAskedAgain?: boolean | undefined;
  readonly exit: Promise<Exit>;
}

export function runningAgent({ pid, run, kill, isAskedAgain, exit }: RunningProcess): RunningAgent {
  const started = pid === undefined ? undefined : readProcessStart(pid);
  const found = new Map<number, KnownProcess>();
  let ending: Promise<void> | undefined;

  /** Finds the CLI's processes. While the CLI lives they are found by descent too; after its end only by their environment. */
  const look = async () => {
    const start = await started;
    const cli = pid === undefined || start === undefined ? undefined : { pid, started: start };
    const processes = await findRunProcesses({ run, cli }).catch(() => []); // the list of processes cannot be read
    for (const each of processes) found.set(each.pid, each);
  };
  const endFound = async (): Promise<string> => {
    await look();
    const left = await endProcesses([...found.values()]);
    return left.length === 0 ? "" : `; of what it had started, ${pidsOf(left)} still runs`;
  };
  let left: Promise<string> | undefined;
  const endLeft = () => {
    left ??= endFound();
    return left;
  };
  const over = exit.then(async ({ code, signal }) => {
    const as = endedAs({ code, signal }, ending !== undefined);
    const wasForced = ending !== undefined || signal !== null;
    const words = signal ?? `exit code ${code}`;
    return { code, signal, as, words: wasForced ? words + (await endLeft()) : words };
  });
  let wasKilled = false;
  const hasExited = exit.then(
    ({ signal }) => {
      wasKilled = signal !== null;
    },
    () => undefined,
  );
  const endNow = async (signal: NodeJS.Signals) => {
    await look();
    await endProcess({
      terminate: () => kill(signal),
      isAskedAgain,
      kill: () => void look().finally(() => kill("SIGKILL")),
      ended: hasExited,
    });
    // Deno 2.9 reports an exit only when no process holds the child's output, and the processes that it left may hold it.
    await endLeft();
    // Do not wait longer: a process that SIGKILL does not end hangs in the kernel.
    await atMost(
      leftEndsWithinMs,
      over.catch(() => undefined),
    );
  };
  const exitCode = over.then(
    ({ code, signal }) => code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
  );
  exitCode.catch(() => undefined); // avoids an unhandled rejection before anybody awaits it
  return {
    pid,
    exited: hasExited,
    isBeingEnded: () => ending !== undefined || wasKilled,
    end(signal = "SIGTERM") {
      ending ??= endNow(signal);
      return ending;
    },
    ended: over.then(
      ({ words }) => words,
      (error: unknown) => messageOf(error),
    ),
    endedAs: over.then(
      ({ as }) => as,
      () => "told",
    ),
    exitCode,
  };
}

function pidsOf(processes: readonly KnownProcess[]): string {
  return processes.map(({ pid }) => `pid ${pid}`).join(", ");
}
