// Runs the command of a hook: without a shell, with the notice as JSON on its standard input, and with a deadline.
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { messageOf } from "../../domain/text/errors.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { redact } from "../../domain/text/redact.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import { endProcess, signalChild, signalGroup } from "../../processes/end-process.ts";
import { type Environment, withoutBunVariables } from "../../runtime.ts";
import { atMost, pause } from "../../waiting.ts";
import type { Hook } from "./hooks-file.ts";

const outputKept = 2_000;
const reasonLength = 200;
/** How long the rest of its output may take when it has ended. A process that it left behind may hold the pipes open. */
const restOfOutputMs = 1_000;

export interface HookRun {
  readonly cwd: string;
  readonly env: Environment;
  /** Ends the command when it aborts. */
  readonly signal: AbortSignal;
}

/**
 * Resolves when the command has ended with exit code 0.
 * @param input written to its standard input as one line of JSON
 * @throws Error with the reason in a line: it cannot be started, its exit code with the last line of its output, or that it took too long
 */
export async function runHook(
  { command, timeout_s }: Pick<Hook, "command" | "timeout_s">,
  input: object,
  { cwd, env, signal }: HookRun,
): Promise<void> {
  const [program = "", ...args] = command;
  const hasGroup = process.platform !== "win32";
  const child = spawn(program, args, {
    cwd,
    env: withoutBunVariables(env),
    stdio: ["pipe", "pipe", "pipe"],
    detached: hasGroup, // so that its own children end with it
    windowsHide: true,
  });
  const output = keepOutput(child);
  const ended = endOf(child);
  const closed = new Promise((resolve) => child.once("close", resolve));
  // A command that does not read its input closes it.
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${JSON.stringify(input)}\n`);
  const over = new AbortController();
  const stop = () => over.abort();
  signal.addEventListener("abort", stop, { once: true });
  const deadline = pause(timeout_s * 1_000, over.signal).then(() => "late" as const);
  try {
    const first = await Promise.race([ended, deadline]);
    if (first === "late") {
      const send = hasGroup ? signalGroup : signalChild;
      await endProcess({
        terminate: () => send(child, "SIGTERM"),
        kill: () => send(child, "SIGKILL"),
        ended,
      });
      throw new Error(
        signal.aborted ? "serve has ended it" : `it ran for more than ${timeout_s} s and was ended`,
      );
    }
    if (first !== undefined) {
      await atMost(restOfOutputMs, closed);
      throw new Error(withLastLine(first, output()));
    }
  } finally {
    over.abort();
    signal.removeEventListener("abort", stop);
    // A process that it left behind may hold them open.
    for (const stream of child.stdio) stream?.destroy();
  }
}

/** Resolves with why it failed; undefined for exit code 0. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`it cannot be started: ${messageOf(error)}`));
    child.once("exit", (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
}

function keepOutput({ stdout, stderr }: ChildProcess): () => string {
  let kept = "";
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      kept = `${kept}${text}`.slice(-outputKept);
    });
  }
  return () => kept;
}

function withLastLine(reason: string, output: string): string {
  const last = output.trim().split("\n").at(-1) ?? "";
  return last === "" ? reason : `${reason}: ${beginningOf(harmless(redact(last)), reasonLength)}`;
}
