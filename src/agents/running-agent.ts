// An agent's CLI as a process that runs: how it has ended, and how it is ended together with what it has started. A CLI that ends
// by itself may leave programs behind on purpose; one that was killed leaves them because it could not end them.
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
   * Ends it, by force when it has not gone after 5 s, and then what it had started and left. Called again, it is the same end.
   * @param signal what it is asked by; SIGTERM when left out
   */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves with how it ended, in words, once what it left is ended as well. */
  readonly ended: Promise<string>;
  /**
   * Resolves with the CLI's own exit code when it has ended; 128 and the signal's number when a signal ended it.
   * Rejects with CliaiError `cli_missing`, and the command that gets it.
   */
  readonly exitCode: Promise<number>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  /** Undefined for one that could not be started. */
  readonly pid: number | undefined;
  /** As its environment names it (`CLIAI_RUN`). */
  readonly run: string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly exit: Promise<Exit>;
}

export function runningAgent({ pid, run, kill, exit }: RunningProcess): RunningAgent {
  const started = pid === undefined ? undefined : readProcessStart(pid);
  const found = new Map<number, KnownProcess>();
  let ending: Promise<void> | undefined;

  /** Those that are found while it lives are known by descent as well, after its end by their environment alone. */
  const look = async () => {
    const start = await started;
    const cli = pid === undefined || start === undefined ? undefined : { pid, started: start };
    const processes = await findRunProcesses({ run, cli }).catch(() => []); // the system's list cannot be read: none is known
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
    const wasForced = ending !== undefined || signal !== null;
    const words = signal ?? `exit code ${code}`;
    return { code, signal, words: wasForced ? words + (await endLeft()) : words };
  });
  const hasExited = exit.then(
    () => undefined,
    () => undefined,
  );
  const endNow = async (signal: NodeJS.Signals) => {
    await look();
    await endProcess({
      terminate: () => kill(signal),
      kill: () => void look().finally(() => kill("SIGKILL")),
      ended: hasExited,
    });
    // Deno 2.9 tells of an exit once nobody holds its output any more, and what it has left may.
    await endLeft();
    // One that even SIGKILL has not ended hangs in the system itself: nobody can wait for that.
    await atMost(
      leftEndsWithinMs,
      over.catch(() => undefined),
    );
  };
  const exitCode = over.then(
    ({ code, signal }) => code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
  );
  exitCode.catch(() => undefined); // told to whoever asks for it, which may be later
  return {
    pid,
    end(signal = "SIGTERM") {
      ending ??= endNow(signal);
      return ending;
    },
    ended: over.then(
      ({ words }) => words,
      (error: unknown) => messageOf(error),
    ),
    exitCode,
  };
}

function pidsOf(processes: readonly KnownProcess[]): string {
  return processes.map(({ pid }) => `pid ${pid}`).join(", ");
}
