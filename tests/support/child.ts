// One child process of a test: what it printed, its next line, its end. Ended by its own handle, never by name.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { hasMatch, type TextMatch } from "./text-match.ts";
import { patienceMs } from "./wait-for.ts";

export interface ChildOptions {
  /** The whole environment; default: this process's own. */
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  readonly cwd?: string;
  /** "pipe" (default) leaves stdin open for `write`; "ignore" is /dev/null. */
  readonly stdin?: "pipe" | "ignore";
  /** How long `await using` waits after SIGTERM before SIGKILL. Default 5000. */
  readonly graceMs?: number;
}

export interface ChildExit {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LineOptions {
  readonly from?: "stdout" | "stderr";
  /** Default `patienceMs`. */
  readonly deadlineMs?: number;
}

export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** All output so far. */
  readonly stdout: string;
  readonly stderr: string;
  write(input: string | Uint8Array): void;
  endInput(): void;
  kill(signal: NodeJS.Signals): void;
  /** The first whole line, old or new, that has the text or matches; fails at the deadline or when the child ends without it. */
  line(match: TextMatch, options?: LineOptions): Promise<string>;
  /** Its end, with all output. Fails when it still runs after `deadlineMs` (default `patienceMs`). */
  exit(deadlineMs?: number): Promise<ChildExit>;
}

/** Starts a program by its path or its name on PATH, never through a shell. Fails when it cannot be started. */
export async function startChild(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<Child> {
  const process_ = spawn(command, [...args], {
    stdio: [options.stdin ?? "pipe", "pipe", "pipe"],
    ...(options.env && { env: { ...options.env } }),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  const text = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const from of ["stdout", "stderr"] as const) {
    process_[from]?.setEncoding("utf8").on("data", (chunk: string) => {
      text[from] += chunk;
      for (const listener of listeners) listener();
    });
  }
  process_.stdin?.on("error", () => {}); // EPIPE: the child ended before it read; its exit tells the story
  const ended = endOf(process_);
  await once(process_, "spawn");
  const { pid } = process_;
  if (pid === undefined) throw new Error(`${command} has no process id`);

  const story = () => `stdout: ${tail(text.stdout)}\nstderr: ${tail(text.stderr)}`;

  function line(match: TextMatch, { from = "stdout", deadlineMs = patienceMs }: LineOptions = {}) {
    return new Promise<string>((resolve, reject) => {
      let scanned = 0;
      const settle = () => {
        clearTimeout(timer);
        listeners.delete(scan);
      };
      const scan = () => {
        for (let end = text[from].indexOf("\n", scanned); end >= 0; end = text[from].indexOf("\n", scanned)) {
          const candidate = text[from].slice(scanned, end);
          scanned = end + 1;
          if (!hasMatch(candidate, match)) continue;
          settle();
          resolve(candidate);
          return;
        }
      };
      const fail = (why: string) => {
        settle();
        reject(new Error(`${command} ${why} without a ${from} line of ${match}\n${story()}`));
      };
      const timer = setTimeout(() => fail(`ran ${deadlineMs} ms`), deadlineMs);
      listeners.add(scan);
      scan();
      ended.then(({ code, signal }) => fail(`ended (${signal ?? code})`));
    });
  }

  async function exit(deadlineMs = patienceMs): Promise<ChildExit> {
    const end = await within(ended, deadlineMs);
    if (!end) throw new Error(`${command} still runs after ${deadlineMs} ms\n${story()}`);
    return { ...end, ...text };
  }

  return {
    pid,
    get stdout() {
      return text.stdout;
    },
    get stderr() {
      return text.stderr;
    },
    write: (input) => void process_.stdin?.write(input),
    endInput: () => void process_.stdin?.end(),
    kill: (signal) => void process_.kill(signal),
    line,
    exit,
    async [Symbol.asyncDispose]() {
      process_.kill("SIGTERM");
      if (await within(ended, options.graceMs ?? 5000)) return;
      process_.kill("SIGKILL");
      await ended;
    },
  };
}

/** Resolves with the exit status once the output is complete. If a grandchild holds the output open, waits for it one second only. */
async function endOf(child: ChildProcess): Promise<Pick<ChildExit, "code" | "signal">> {
  const closed = new Promise<true>((resolve) => child.once("close", () => resolve(true)));
  await new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await within(closed, 1000);
  return { code: child.exitCode, signal: child.signalCode };
}

async function within<T>(promise: Promise<T>, deadlineMs: number): Promise<T | undefined> {
  const clock = new AbortController();
  const deadline = delay(deadlineMs, undefined, { signal: clock.signal }).catch(() => undefined); // aborted: settled in time
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clock.abort();
  }
}

function tail(text: string): string {
  return text.length > 4000 ? `…${text.slice(-4000)}` : text;
}
