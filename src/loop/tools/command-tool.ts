// The loop's tool that runs a command: a program with its arguments, or a line in the shell if a person has allowed that.
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import * as v from "valibot";
import type { CommandForm } from "../../domain/model-server.ts";
import { endProcess, hasEnded, signalChild, signalGroup } from "../../processes/end-process.ts";
import type { Environment } from "../../runtime.ts";
import { atMost, pause } from "../../waiting.ts";
import type { LongOutputs } from "./long-output.ts";
import { defineTool, failed, type LoopTool, type ToolResult } from "./loop-tool.ts";

export interface CommandToolPlace {
  readonly project: string;
  readonly outputs: LongOutputs;
  /** The environment of the commands. */
  readonly env: Environment;
  /** `args`: a command is a list of a program and its arguments. `shell`: it is a line for the shell. */
  readonly form: CommandForm;
}

const usualTimeoutS = 120;
const longestTimeoutS = 1_800;
/** How many characters of a command's output are kept. */
const mostKept = 2_000_000;
/** How long the output may stay open after the program's end. Then the processes that hold it open are ended. */
const openForMs = 500;
const endsWithinMs = 2_000;

const timeout_s = v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(longestTimeoutS)));
const word = v.string();

export function commandTool(place: CommandToolPlace): LoopTool {
  const facts = { name: "run_command", kind: "execute", isReading: false } as const;
  const ends = "It has no input, and what it leaves in the background is ended.";
  if (place.form === "shell") {
    return defineTool({
      ...facts,
      description: `Run a line in the shell. ${ends}`,
      schema: v.strictObject({ command: v.pipe(word, v.minLength(1)), timeout_s }),
      title: (args) => String(args.command),
      run: ({ command, timeout_s: seconds }, signal) =>
        runCommand(shellCommand(command), seconds, place, signal),
    });
  }
  return defineTool({
    ...facts,
    description: `Run a program. The command is a list: the program, then each argument, without a shell. ${ends}`,
    schema: v.strictObject({ command: v.pipe(v.array(word), v.minLength(1)), timeout_s }),
    title: ({ command }) => (Array.isArray(command) ? command.join(" ") : String(command)),
    run: ({ command, timeout_s: seconds }, signal) => runCommand(command, seconds, place, signal),
  });
}

function shellCommand(line: string): readonly string[] {
  return process.platform === "win32" ? ["cmd.exe", "/d", "/s", "/c", line] : ["/bin/sh", "-c", line];
}

/**
 * Lets a command write its errors into the pipe of its output. Of two pipes nobody knows what was written first, so that an error
 * could stand before the lines that led to it. The shell replaces itself with the program, and says if there is none. On Windows
 * there stay two pipes.
 */
function withOneOutput(command: readonly string[]): readonly string[] {
  return process.platform === "win32" ? command : ["/bin/sh", "-c", 'exec "$0" "$@" 2>&1', ...command];
}

/** Rejects with the signal's reason when that aborts; the command and its group have ended then. */
async function runCommand(
  command: readonly string[],
  timeoutS: number | undefined,
  { project, env, outputs }: CommandToolPlace,
  signal: AbortSignal,
): Promise<ToolResult> {
  signal.throwIfAborted();
  const [program = "", ...args] = withOneOutput(command);
  const child = spawn(program, args, {
    cwd: project,
    env: env as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
    detached: hasGroups,
    windowsHide: true,
  });
  const output = collectOutput(child);
  const ended = Promise.withResolvers<string>();
  child.once("error", (error) => ended.resolve(`cannot run it: ${error.message}`));
  child.once("exit", (code, by) => ended.resolve(by === null ? `exit code ${code}` : `ended by ${by}`));
  const limitMs = (timeoutS ?? usualTimeoutS) * 1_000;
  const stopped = new AbortController();
  const timer = pause(limitMs, stopped.signal);
  const aborted = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => aborted.resolve(), { once: true });
  await Promise.race([ended.promise, timer, aborted.promise]);
  const isLate = !hasEnded(child) && !signal.aborted;
  stopped.abort();
  await endGroup(child, ended.promise, output.closed);
  signal.throwIfAborted();
  const how = isLate ? `ended after its time-out of ${limitMs / 1_000} s` : await ended.promise;
  const text = outputs.cut(output.text());
  const result = text === "" ? `[${how}, no output]` : `${text.trimEnd()}\n[${how}]`;
  return how === "exit code 0" ? { text: result } : failed(result);
}

const hasGroups = process.platform !== "win32";

/** Ends what still runs of the command: the program itself, and what it has left in its group. */
async function endGroup(child: ChildProcess, ended: Promise<unknown>, closed: Promise<void>): Promise<void> {
  if (!hasEnded(child)) {
    const signalAll = (signal: NodeJS.Signals) =>
      hasGroups ? signalGroup(child, signal) : signalChild(child, signal);
    await endProcess(
      { terminate: () => signalAll("SIGTERM"), kill: () => signalAll("SIGKILL"), ended },
      endsWithinMs,
    );
  }
  let isOpen = true;
  await atMost(
    openForMs,
    closed.then(() => {
      isOpen = false;
    }),
  );
  // The rest of the group is ended even if the output is closed, because these processes may write elsewhere.
  if (hasGroups) signalGroup(child, "SIGKILL");
  if (isOpen) await atMost(openForMs, closed);
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function collectOutput({ stdout, stderr }: ChildProcess): { text(): string; readonly closed: Promise<void> } {
  const parts: string[] = [];
  let size = 0;
  const take = (chunk: string) => {
    if (size < mostKept) parts.push(chunk);
    size += chunk.length;
  };
  const ends = [stdout, stderr].map((stream) => {
    const closed = Promise.withResolvers<void>();
    stream?.setEncoding("utf8").on("data", take).once("close", closed.resolve);
    if (stream === null) closed.resolve();
    return closed.promise;
  });
  return {
    text: () =>
      parts.join("") + (size > mostKept ? `\n[${size - mostKept} more characters were not kept]` : ""),
    closed: Promise.all(ends).then(() => undefined),
  };
}
