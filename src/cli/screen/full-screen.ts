// This room holds the whole screen of a terminal: drawing it, reading its keys, a line that is typed, and leaving the terminal as it was.
//
// The alternate screen of the person's terminal. It writes only the rows that have changed, and restores the terminal however this process
// ends, SIGKILL aside; also before it is suspended.
import { writeSync } from "node:fs";
import process from "node:process";
import type { Readable, Writable } from "node:stream";

interface ScreenInput extends Readable {
  setRawMode?(isRaw: boolean): unknown;
}
interface ScreenOutput extends Writable {
  readonly columns?: number;
  readonly rows?: number;
  readonly fd?: number;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

export interface FullScreen {
  size(): ScreenSize;
  /** Shows these rows; what is left of the screen is blank. A row is not to be wider than the screen: the terminal cuts it. */
  draw(rows: readonly string[]): void;
  /** Draws all of it anew with the next `draw`, because something else may have written on it. */
  forget(): void;
  /** Leaves the screen and stops this process, as Ctrl-Z does. It goes on where the shell continues it. */
  suspend(): void;
  /** Restores the terminal. Nothing is drawn from then on. */
  close(): void;
}

export interface FullScreenOptions {
  readonly stdin: ScreenInput;
  readonly stdout: ScreenOutput;
  /** Set for a screen with keys. Without it the terminal itself handles them: Ctrl-C is a signal. */
  readonly onInput?: ((data: Uint8Array) => void) | undefined;
  /** Called when all has to be drawn: at another size, and when the process goes on. */
  readonly onRedraw: () => void;
  /** Called at a signal that asks this process to end, and when the terminal has closed. */
  readonly onEnd: () => void;
}

const enter = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J\u001b[H";
const leave = "\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l";
/** Pasted text comes between marks, so that it is not taken for keys. */
const marksPastes = "\u001b[?2004h";
const marksNoPastes = "\u001b[?2004l";
/** The terminal shows all of it at once. One that does not know this ignores it. */
const atOnce = (text: string) => `\u001b[?2026h${text}\u001b[?2026l`;

/** A closed screen leaves it at the input, where an error without a listener would end this process. */
const ignore = (_error: unknown) => undefined;

const crashes = ["uncaughtExceptionMonitor", "exit"] as const;

/** SIGINT and SIGTERM end every command (client.ts); these would end the process without a word. */
const endings: readonly NodeJS.Signals[] = ["SIGHUP", "SIGQUIT"];

export function openFullScreen(options: FullScreenOptions): FullScreen {
  const { stdin, stdout, onInput, onRedraw, onEnd } = options;
  let shown: string[] = [];
  let isOn = false;
  let isClosed = false;

  const turnOn = () => {
    isOn = true;
    shown = [];
    if (onInput !== undefined) stdin.setRawMode?.(true);
    stdout.write(enter + (onInput === undefined ? "" : marksPastes));
  };
  /** Written at once, because the process may be stopped or may end before a stream has written. */
  const turnOff = () => {
    if (!isOn) return;
    isOn = false;
    const text = (onInput === undefined ? "" : marksNoPastes) + leave;
    try {
      if (stdout.fd === undefined) stdout.write(text);
      else writeSync(stdout.fd, text);
    } catch {
      // The terminal has closed: there is nothing to restore.
    }
    if (onInput !== undefined) stdin.setRawMode?.(false);
  };
  const goOn = () => {
    if (isClosed) return;
    // The shell may have changed the terminal's mode meanwhile, also if this process was stopped without a word.
    if (onInput !== undefined) stdin.setRawMode?.(false);
    turnOn();
    onRedraw();
  };
  const suspend = () => {
    if (process.platform === "win32" || isClosed) return;
    turnOff();
    process.kill(process.pid, "SIGSTOP");
  };
  const resize = () => {
    shown = [];
    if (isOn) stdout.write("\u001b[2J");
    onRedraw();
  };
  const listeners = listenTo([
    ["SIGTSTP", suspend],
    ["SIGCONT", goOn],
    ...endings.map((signal) => [signal, onEnd] as const),
  ]);
  // An error that nobody catches is printed before `exit`, and would be lost with the other screen.
  for (const event of crashes) process.on(event, turnOff);
  stdout.on("resize", resize);
  // A terminal that has closed can be noticed by these before its signal comes, and without a listener an error ends the process.
  // Resumed, because `close` of a screen before this one has paused it, and a listener alone would not end that.
  if (onInput !== undefined) stdin.on("data", onInput).on("end", onEnd).on("error", onEnd).resume();
  turnOn();
  return {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    draw(rows) {
      // The terminal is slow: the next draw shows the newest state.
      if (!isOn || stdout.writableNeedDrain) return;
      const { rows: height } = this.size();
      const wanted = Array.from({ length: height }, (_, row) => onlyColours(rows[row] ?? ""));
      const changes = wanted.flatMap((text, row) =>
        text === shown[row] ? [] : [`\u001b[${row + 1};1H\u001b[2K${text}`],
      );
      if (changes.length > 0) stdout.write(atOnce(changes.join("")));
      shown = wanted;
    },
    forget: () => {
      shown = [];
    },
    suspend,
    close() {
      if (isClosed) return;
      turnOff();
      isClosed = true;
      listeners.stop();
      for (const event of crashes) process.off(event, turnOff);
      stdout.off("resize", resize);
      if (onInput === undefined) return;
      if (!stdin.listeners("error").includes(ignore)) stdin.on("error", ignore);
      stdin.off("data", onInput).off("end", onEnd).off("error", onEnd).pause();
    },
  };
}

/** Whatever else may come with the words of an agent, such as a title or a text for the clipboard, does not reach the terminal. */
function onlyColours(row: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those of `paint` are kept
  return row.replace(/\u001b\[\d+(?:;\d+){0,4}m|\p{Cc}/gu, (found) => (found.length > 1 ? found : "\ufffd"));
}

function listenTo(pairs: readonly (readonly [NodeJS.Signals, () => void])[]): { stop(): void } {
  // Windows has none of these, except SIGHUP where its console closes.
  const known = pairs.filter(([signal]) => process.platform !== "win32" || signal === "SIGHUP");
  for (const [signal, listener] of known) process.on(signal, listener);
  return {
    stop: () => {
      for (const [signal, listener] of known) process.off(signal, listener);
    },
  };
}
