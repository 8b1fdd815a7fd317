// The Logger that functions take as a parameter. It writes to stderr, because stdout is for results and, in `cliai bridge`, for
// MCP.
import { redact } from "./domain/text/redact.ts";

export interface Logger {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * @param write takes a whole line, such as `(line) => process.stderr.write(line)`
 * @param now the clock: each line starts with the time
 */
export function createLogger(level: LogLevel, write: (line: string) => void, now: () => Date): Logger {
  const threshold = logLevels.indexOf(level);
  const at = (own: LogLevel) => (text: string) => {
    if (logLevels.indexOf(own) < threshold) return;
    write(`${now().toISOString()} ${own} ${redact(text)}\n`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
