// Starts this program in the background, with a file in which its log and its errors stand.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { openLog } from "../../data-dir/log-file.ts";
import { selfCommand } from "../../runtime.ts";
import type { CliContext } from "../frame/context.ts";

/** It outlives this process. What it writes to stdout is dropped: a line of it may sign a browser in. */
export function startLogged(
  words: readonly string[],
  log: string,
  { cwd, env }: Pick<CliContext, "env" | "cwd">,
): ChildProcess {
  const { command, args } = selfCommand();
  const fd = openLog(log);
  try {
    const child = spawn(command, [...args, ...words], {
      ...{ cwd, detached: true, windowsHide: true },
      env: { ...env, CLIAI_LOG: env.CLIAI_LOG || "info" },
      stdio: ["ignore", "ignore", fd],
    });
    child.unref();
    return child;
  } finally {
    closeSync(fd);
  }
}
