// The command line that starts this program in a person's shell. It is used in commands that are shown for copying.
import { basename, delimiter, dirname } from "node:path";
import process from "node:process";
import { shellQuote } from "../../agents/shell-quote.ts";
import { dataDirOf } from "../../data-dir/data-dir.ts";
import { type Environment, runtimeName, selfCommand } from "../../runtime.ts";
import type { CliContext } from "../frame/context.ts";

/** `cliai` if it is on PATH, else its full path. From source: the runtime and its arguments. */
export function programText(env: Environment): string {
  const { command, args } = selfCommand();
  const isOnPath = runtimeName() === "executable" && env.PATH?.split(delimiter).includes(dirname(command));
  return isOnPath ? basename(command, ".exe") : shellQuote([command, ...args]);
}

/** The command that launches a first agent for the server of this data directory, from any terminal. */
export function spawnText(dataDir: string, context: Pick<CliContext, "env" | "cwd">): string {
  const usual = dataDirOf({
    ...context,
    env: { ...context.env, CLIAI_HOME: "" },
    flag: undefined,
    platform: process.platform,
  });
  const where = dataDir === usual ? "" : ` --data-dir ${shellQuote([dataDir])}`;
  return `${programText(context.env)} spawn demo${where}`;
}
