// Runs a program by its list of arguments, without a shell, in a process group of its own, so that the processes that it starts end with it.
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { type Environment, withoutBunVariables } from "../runtime.ts";
import { atMost, pause } from "../waiting.ts";
import { endProcess, signalChild, signalGroup } from "./end-process.ts";

export interface ProgramOptions {
  readonly cwd: string;
  readonly env: Environment;
  /** Written to its standard input, which is empty without it. */
  readonly input?: string | undefined;
  /** It is ended after this time. */
  readonly withinMs: number;
  /** It is ended when it has written more than so much to its standard output, and that much is kept. */
  readonly mostBytes?: number | undefined;
  /** Ends it when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each piece of its output. */
  readonly onOutput?: ((piece: Uint8Array) => void) | undefined;
}

export interface ProgramEnd {
  /** Undefined if a signal ended it, or it could not be started. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it was ended, or could not be started. */
  readonly why?: "late" | "too_long" | "aborted" | "missing" | "not_started" | undefined;
  /** The signal that ended it, if nobody here has ended it. */
  readonly signal?: NodeJS.Signals | undefined;
  /** Why it could not be started, in the words of the system. */
  readonly error?: string | undefined;
}

/** How long the rest of its output may take when it has ended. A process that it left behind may hold the pipes open. */
const restOfOutputMs = 2_000;

/** Never rejects. */
export async function runProgram(
  [program = "", ...args]: readonly string[],
  { cwd, env, input, withinMs, mostBytes, signal, onOutput }: ProgramOptions,
): Promise<ProgramEnd> {
  const hasGroup = process.platform !== "win32";
  const child = spawn(program, args, {
    cwd,
    env: withoutBunVariables(env),
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    detached: hasGroup,
    windowsHide: true,
  });
  // A program that does not read its input closes it.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  const over = new AbortController();
  let isTooLong = false;
  const onTooLong = () => {
    isTooLong = true;
    over.abort();
  };
  const texts = {
    stdout: keep(child.stdout, { onOutput, mostBytes, onTooLong }),
    stderr: keep(child.stderr, { onOutput }),
  };
  const ended = endOf(child);
  const closed = new Promise((resolve) => child.once("close", resolve));
  const stop = () => over.abort();
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted === true) stop();
  const deadline = pause(withinMs, over.signal).then(() => "over" as const);
  try {
    const first = await Promise.race([ended, deadline]);
    if (first === "over") {
      const send = hasGroup ? signalGroup : signalChild;
      const [terminate, kill] = [() => send(child, "SIGTERM"), () => send(child, "SIGKILL")];
      await endProcess({ terminate, kill, ended });
    } else await atMost(restOfOutputMs, closed);
    const ending = signal?.aborted === true ? ("aborted" as const) : ("late" as const);
    const end = first === "over" || isTooLong ? { why: isTooLong ? ("too_long" as const) : ending } : first;
    return { code: undefined, ...end, stdout: texts.stdout(), stderr: texts.stderr() };
  } finally {
    over.abort();
    signal?.removeEventListener("abort", stop);
    // A process that it left behind may hold them open.
    for (const stream of child.stdio) stream?.destroy();
  }
}

function endOf(child: ChildProcess): Promise<Omit<ProgramEnd, "stdout" | "stderr">> {
  return new Promise((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "missing" : "not_started";
      resolve({ code: undefined, why, error: error.message });
    });
    child.once("exit", (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
  });
}

interface Keeping extends Pick<ProgramOptions, "onOutput" | "mostBytes"> {
  readonly onTooLong?: () => void;
}

function keep(
  stream: NodeJS.ReadableStream | null,
  { onOutput, mostBytes = Number.POSITIVE_INFINITY, onTooLong }: Keeping,
): () => string {
  const pieces: Buffer[] = [];
  let room = mostBytes;
  stream?.on("data", (piece: Buffer) => {
    if (room < 0) return;
    room -= piece.length;
    if (room < 0) onTooLong?.();
    // With `onOutput`, the caller keeps it: the output of a set-up command may be long.
    if (onOutput === undefined) pieces.push(piece);
    else onOutput(piece);
  });
  return () => Buffer.concat(pieces).toString("utf8");
}
