// A child process of the benchmark: reads its lines, writes to its stdin, and ends it by its handle.
import { type ChildProcess, spawn } from "node:child_process";

export interface BenchChild extends AsyncDisposable {
  readonly pid: number;
  readonly process: ChildProcess;
  write(text: string): void;
  /** The next line of its output. Rejects at the deadline, or if the child ends without another line. */
  nextLine(deadlineMs?: number): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the child has ended. Kills it after the deadline. */
  end(deadlineMs?: number): Promise<void>;
}

export interface BenchChildOptions {
  /** Added to this process's environment. A variable that is undefined is removed. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

const lineWithinMs = 30_000;
const endWithinMs = 10_000;

/** @param command the program and its first arguments; no shell is used */
export async function startBenchChild(
  [command, ...first]: readonly [string, ...string[]],
  args: readonly string[],
  { env = {}, cwd }: BenchChildOptions = {},
): Promise<BenchChild> {
  const child = spawn(command, [...first, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: Object.fromEntries(
      Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== undefined),
    ),
    ...(cwd === undefined ? {} : { cwd }),
  });
  const lines: string[] = [];
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  let rest = "";
  let complaint = "";
  let hasEnded = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      const waiter = waiting.shift();
      if (waiter === undefined) lines.push(line);
      else waiter.resolve(line);
    }
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-2_000);
  });
  child.stdin.on("error", () => undefined); // it ended before it had read everything, which `ended` reports
  const failure = (why: string) => new Error(`${[...first, ...args].join(" ")} ${why}: ${complaint.trim()}`);
  const ended = new Promise<void>((resolve) => {
    const settle = (why: string) => {
      hasEnded = true;
      for (const { reject } of waiting.splice(0)) reject(failure(why));
      resolve();
    };
    child.once("exit", (code, signal) => settle(`ended (${signal ?? code})`));
    child.once("error", (error) => settle(error.message));
  });

  const end = async (deadlineMs = endWithinMs) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
    await ended;
    clearTimeout(timer);
  };
  return {
    pid: child.pid ?? 0,
    process: child,
    write: (text) => void child.stdin.write(text),
    async nextLine(deadlineMs = lineWithinMs) {
      const known = lines.shift();
      if (known !== undefined) return known;
      if (hasEnded) throw failure("has ended");
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const waiter = { resolve, reject };
      waiting.push(waiter);
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(waiter), 1);
        reject(failure(`said nothing for ${deadlineMs} ms`));
      }, deadlineMs);
      return await promise.finally(() => clearTimeout(timer));
    },
    kill: (signal) => void child.kill(signal),
    end,
    async [Symbol.asyncDispose]() {
      if (hasEnded) return;
      child.kill("SIGTERM");
      await end();
    },
  };
}
