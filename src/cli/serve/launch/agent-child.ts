// One agent that `serve` has launched: `cliai spawn` without a terminal, in a session of its own, with its output in the agent's
// `host.log`. Its host outlives `serve`, however that ends (`taken-up-host.ts`).

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { hostLogPath, openHostLog, readLog } from "../../../data-dir/log-file.ts";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import { redact } from "../../../domain/text/redact.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { endProcess, hasEnded, signalChild } from "../../../processes/end-process.ts";
import { selfCommand } from "../../../runtime.ts";
import { atMost, pause } from "../../../waiting.ts";
import type { CliContext } from "../../frame/context.ts";
import { endLeftoverRun } from "../../spawn/leftover-processes.ts";
import type { KilledHosts } from "./killed-hosts.ts";

/** Less than `answerWithinMs`, so that whoever asked for the launch is told that the host of a slow CLI is connected. */
const slowAfterMs = 20_000;
/**
 * How long whoever asked for a launch waits for it. Less than the 30 s that an HTTP request (src/runtime.ts) and a tool call may take, also
 * with `endedBeforeAnswerMs`. A launch that takes longer goes on.
 */
export const answerWithinMs = 24_000;
/** How long a host may take until it is connected, which on a busy machine is more than `answerWithinMs`. */
export const launchWithinMs = 5 * 60_000;
/** How long a host may take to end. It gives 5 s to the agent's CLI, 3 s to the processes that the CLI leaves behind, and 4 s to the goodbye. */
const endWithinMs = 15_000;
/** When a launch has failed, the caller gets the error after at most this time, even if the child has not ended yet. */
const endedBeforeAnswerMs = 5_000;
const lookEveryMs = 50;
const lastWordsKept = 2_000;

export interface AgentChildOptions {
  readonly id: AgentId;
  readonly profile: string;
  readonly project?: string | undefined;
  readonly dataDir: string;
  readonly configPath: string | undefined;
  /** More flags for `spawn`, and after `--` the arguments for the agent's CLI. */
  readonly more: readonly string[];
  readonly context: Pick<CliContext, "env" | "cwd" | "log">;
  readonly hosts: Pick<KilledHosts, "look">;
}

export interface AgentChild {
  readonly pid: number | undefined;
  /** Resolves when the child has ended, with how it ended: `exit code 0`, `SIGTERM`. */
  readonly ended: Promise<string>;
  /** Why the child failed, as its output says, on one line. */
  lastWords(): string;
  /**
   * Resolves when the agent's CLI has reported something. After `slowAfterMs`, a connected host is enough: its CLI is slow, and has not
   * failed.
   * @throws CliaiError `failed` with the child's last words, if the child ends before that, or its host does not connect in time;
   * `interrupted` when the signal aborts; the child then runs on
   */
  connected(signs: SignsOfStart, withinMs: number, signal: AbortSignal): Promise<void>;
  /** Asks the child to end, and kills it if it has not ended in time. Resolves when it has ended. */
  end(): Promise<void>;
}

/** What the fleet knows of an agent that is starting. */
export interface SignsOfStart {
  /** Whether it is connected, and its CLI has reported something. */
  readonly hasBegun: () => boolean;
  /** Whether its host is connected. */
  readonly isConnected: () => boolean;
}

export function startAgentChild(options: AgentChildOptions): AgentChild {
  const { id, dataDir, context } = options;
  const log = hostLogPath(dataDir, id);
  const from = readLog(log, -1, 1).end;
  const child = startSpawn(options);
  const lastWords = () => redact(failureIn(readLog(log, from).text.slice(-lastWordsKept)));
  let ending: string | undefined;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  void ended.then((how) => {
    ending = how;
  });
  const swept = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => resolve(afterExit(options, code, signal)));
  });
  let endingNow: Promise<void> | undefined;
  const endNow = async () => {
    if (hasEnded(child)) return;
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const terminate = () => signalChild(child, "SIGTERM");
    await endProcess({ terminate, kill: () => signalChild(child, "SIGKILL"), ended: exited }, endWithinMs);
    if (hasEnded(child)) await swept;
  };
  const end = () => {
    endingNow ??= endNow();
    return endingNow;
  };
  context.log.debug(`${id}: its output is in ${log}`);
  return {
    pid: child.pid,
    ended,
    end,
    lastWords,
    async connected({ hasBegun, isConnected }, withinMs, signal) {
      const begunMs = performance.now();
      const deadline = begunMs + withinMs;
      while (!hasBegun()) {
        const isSlow = ending === undefined && performance.now() - begunMs > slowAfterMs;
        if (isSlow && isConnected()) {
          context.log.info(
            `${id} is slow to start: its host is connected, and its CLI has reported nothing yet`,
          );
          return;
        }
        if (ending !== undefined || performance.now() > deadline) {
          const why = ending ?? `not connected within ${withinMs / 1000} s`;
          await atMost(endedBeforeAnswerMs, end());
          throw new CliaiError("failed", `${id} did not start (${why}): ${lastWords()}`, {
            hint: `the server launches agents with its own PATH and environment; all output is in ${log}`,
          });
        }
        await pause(lookEveryMs, signal);
        if (signal.aborted)
          throw new CliaiError("interrupted", `${id} was still starting when the server ended`);
      }
    },
  };
}

/** Reports a host that ended without a goodbye. If a signal ended it, also ends its CLI and tools, because it could not. Never rejects. */
async function afterExit(
  options: AgentChildOptions,
  code: number | null,
  signal: NodeJS.Signals | null,
): Promise<void> {
  await options.hosts.look(options.id, signal ?? `exit code ${code}`);
  if (signal !== null) await sweep(options);
}

/** Ends the CLI and the tools of a killed host, because it could not end them itself. Never rejects. */
export async function sweep({ dataDir, id, context }: Pick<AgentChildOptions, "dataDir" | "id" | "context">) {
  await endLeftoverRun(dataDir, id, context.log).catch((error: unknown) =>
    context.log.warn(`${id}: ${messageOf(error)}`),
  );
}

function startSpawn(options: AgentChildOptions): ChildProcess {
  const { id, profile, project, dataDir, configPath, more, context } = options;
  const { command, args } = selfCommand();
  const own = [
    ...args,
    // `--no-start`: if the child finds no server, this serve is ending, and the child must not start another one.
    ...["spawn", profile, "--quiet", "--no-start", `--id=${id}`, `--data-dir=${dataDir}`],
    ...(project === undefined ? [] : [`--project=${project}`]),
    ...(configPath === undefined ? [] : [`--config=${configPath}`]),
    ...more,
  ];
  const output = openOutput(options);
  try {
    const child = spawn(command, own, {
      ...{ cwd: context.cwd, env: context.env, detached: true, windowsHide: true },
      stdio: ["ignore", output, output],
    });
    child.unref();
    return child;
  } finally {
    if (output !== "ignore") closeSync(output);
  }
}

function openOutput({ dataDir, id, context }: AgentChildOptions): number | "ignore" {
  try {
    return openHostLog(dataDir, id);
  } catch (error) {
    context.log.warn(`${id} has no log: ${messageOf(error)}`);
    return "ignore"; // the host cannot write to its log either, and ends with an error
  }
}

/** The last error that `cliai spawn` has printed, with its hint in brackets; if it has printed none, all of its output on one line. */
export function failureIn(output: string): string {
  const [, error, hint] = /.*^error: ([^\n]*)(?:\nhint: ([^\n]*))?/ms.exec(output.trim()) ?? [];
  if (error === undefined) return output.trim().replaceAll(/\s*\n\s*/g, " ");
  return hint === undefined ? error : `${error} (${hint})`;
}
