// One interactive program on a terminal of its own, in a private tmux server that listens in the test's directory.
// Ends that program and that server; never touches another tmux.
import { join } from "node:path";
import { startChild } from "./child.ts";
import { hasMatch, type TextMatch } from "./text-match.ts";
import { patienceMs, waitFor } from "./wait-for.ts";

export type ScreenMatch = TextMatch | ((screen: string) => boolean);

export interface TmuxOptions {
  /** A temporary directory, for the socket. */
  readonly dir: string;
  /** Program and arguments; no shell reads them. */
  readonly commandLine: readonly string[];
  /** The program's whole environment, TERM included. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Default 160. */
  readonly columns?: number;
  /** Default 50. */
  readonly rows?: number;
}

export interface TmuxSession extends AsyncDisposable {
  /** What the terminal shows, without blanks at the ends of lines; after the program's end, its last screen. */
  screen(): Promise<string>;
  /** What one of tmux's own variables says of the terminal, such as `alternate_on`. */
  variable(name: string): Promise<string>;
  /** Types the text literally, as from a keyboard. */
  type(text: string): Promise<void>;
  /** Presses keys by tmux's names: "Enter", "Escape", "C-c". */
  keys(...names: string[]): Promise<void>;
  /** Types a line, waits until the program shows it (an Enter that comes too early is taken for pasted text), presses Enter. */
  enter(line: string): Promise<void>;
  /** The screen once it has the text, matches or fits. Default deadline `patienceMs`; fails with the last screen. */
  waitFor(wanted: ScreenMatch, deadlineMs?: number): Promise<string>;
  /** Changes the size of the terminal. */
  resize(columns: number, rows: number): Promise<void>;
  /** From now on appends what the program writes to this file, as it is. */
  record(path: string): Promise<void>;
  /** Closes the terminal under the program, as a window that is closed; nothing else works after that. */
  close(): Promise<void>;
  /** The program's exit code, null when a signal ended it. Default deadline `patienceMs`. */
  exit(deadlineMs?: number): Promise<number | null>;
}

/** Starts the program on a new terminal. Fails when tmux is missing or the program cannot be started. */
export async function startTmux(options: TmuxOptions): Promise<TmuxSession> {
  const { dir, commandLine, env, cwd, columns = 160, rows = 50 } = options;
  const socket = join(dir, "tmux.sock");
  let isClosed = false;

  async function tmux(...args: string[]): Promise<string> {
    await using child = await startChild("tmux", ["-S", socket, "-f", "/dev/null", ...args], {
      stdin: "ignore",
    });
    const { code, stdout, stderr } = await child.exit();
    if (code !== 0) throw new Error(`tmux ${args[0]} failed (${code}): ${stderr}`);
    return stdout;
  }

  // `env -i` also keeps tmux's own variables from the program, because a program may behave differently in tmux.
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const size = ["-x", String(columns), "-y", String(rows)];
  const program = ["env", "-i", ...assignments, ...commandLine];
  await tmux(
    ...["set-option", "-g", "remain-on-exit", "on", ";"],
    ...["new-session", "-d", ...size, "-c", cwd, "-s", "main", "--", ...program.map(withoutSeparator)],
  );

  const show = async (format: string) => (await tmux("display-message", "-p", "-t", "main", format)).trim();
  const screen = async () =>
    (await tmux("capture-pane", "-p", "-t", "main")).replace(/[ \t]+$/gm, "").trimEnd();
  const type = async (text: string) =>
    void (await tmux("send-keys", "-t", "main", "-l", "--", withoutSeparator(text)));
  const keys = async (...names: string[]) => void (await tmux("send-keys", "-t", "main", "--", ...names));

  async function waitForScreen(wanted: ScreenMatch, deadlineMs = patienceMs): Promise<string> {
    const check = async () => {
      const shown = await screen();
      return (typeof wanted === "function" ? wanted(shown) : hasMatch(shown, wanted)) && shown;
    };
    return await waitFor(check, {
      what: `the screen to show ${wanted}`,
      deadlineMs,
      saw: screen,
      intervalMs: 50,
    });
  }

  /** tmux notices the end of the terminal before that of the program. Only a status or a signal (tmux 3.3) tells how the program has ended. */
  async function ended(): Promise<{ code: number | null } | undefined> {
    const answer = await show("#{pid},#{pane_dead},#{pane_dead_status},#{pane_dead_signal}");
    const [serverPid, dead, status, signal] = answer.split(",");
    if (status) return { code: Number(status) };
    if (signal) return { code: null };
    // tmux 3.3a misses the end of its child in one run of three; this has it look again.
    if (dead === "1") process.kill(Number(serverPid), "SIGCHLD");
    return undefined;
  }

  return {
    screen,
    variable: (name) => show(`#{${name}}`),
    type,
    keys,
    async enter(line) {
      await type(line);
      const end = squeeze(line).slice(-60);
      await waitForScreen((text) => squeeze(text).includes(end));
      await keys("Enter");
    },
    waitFor: waitForScreen,
    async exit(deadlineMs = patienceMs) {
      return (await waitFor(ended, { what: `the end of ${commandLine[0]}`, deadlineMs, saw: screen })).code;
    },
    resize: async (wide, high) =>
      void (await tmux("resize-window", "-t", "main", "-x", String(wide), "-y", String(high))),
    record: async (path) => void (await tmux("pipe-pane", "-t", "main", `cat >> '${path}'`)),
    async close() {
      isClosed = true;
      await tmux("kill-server");
    },
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      try {
        await endProgram();
      } finally {
        await tmux("kill-server");
      }
    },
  };

  /** Hangs up as a closed terminal window does, and kills what is still there after two seconds. */
  async function endProgram(): Promise<void> {
    for (const signal of ["SIGHUP", "SIGKILL"] as const) {
      if (await ended()) return;
      // The pid is tmux's own child, not yet reaped: it cannot have become another process.
      sendSignal(Number(await show("#{pane_pid}")), signal);
      const what = `the end of ${commandLine[0]} by ${signal}`;
      if (signal === "SIGKILL") await waitFor(ended, { what });
      else await waitFor(ended, { what, deadlineMs: 2_000 }).catch(() => undefined); // a program may ignore SIGHUP
    }
  }
}

/** tmux takes a `;` at an argument's end for its own command separator. */
function withoutSeparator(argument: string): string {
  return argument.endsWith(";") ? `${argument.slice(0, -1)}\\;` : argument;
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, "");
}

/** It may have ended, and been reaped, while its pid was asked for. */
function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
