// The log of a host while its CLI has the terminal's screen. A line on stderr would stand in the middle of what the CLI draws, even in the
// line that the user types. So it goes to the agent's `host.log`, and the user is told so at the end.
import { closeSync, writeSync } from "node:fs";
import { hostLogPath, openHostLog } from "../../data-dir/log-file.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { CliContext } from "../frame/context.ts";

export interface ScreenLog {
  readonly log: Logger;
  /** Call it before the CLI takes the screen: from now on the log goes to `host.log`. @throws CliaiError `data_dir_unwritable` */
  leaveScreen(): void;
  /** Call it when the CLI has ended: from now on the log goes to stderr. */
  returnToScreen(): void;
}

export function createScreenLog(
  dataDir: string,
  id: AgentId,
  { log, logTo, note }: Pick<CliContext, "log" | "logTo" | "note">,
): ScreenLog {
  let fd: number | undefined;
  let lines = 0;
  const file = logTo((line) => {
    if (fd === undefined) return;
    lines += 1;
    try {
      writeSync(fd, line);
    } catch {
      // The disk is full: a log line is no reason to end the session.
    }
  });
  const current = () => (fd === undefined ? log : file);
  return {
    log: {
      debug: (text) => current().debug(text),
      info: (text) => current().info(text),
      warn: (text) => current().warn(text),
      error: (text) => current().error(text),
    },
    leaveScreen() {
      fd ??= openHostLog(dataDir, id);
    },
    returnToScreen() {
      if (fd === undefined) return;
      closeSync(fd);
      fd = undefined;
      if (lines > 0)
        note(
          `the log of this run has ${lines} ${lines === 1 ? "line" : "lines"}: ${hostLogPath(dataDir, id)}`,
        );
    },
  };
}
