// Refuses to an agent what only a person may do. An agent's CLI, and each program that it starts, has its run in the environment.
import { CliaiError } from "../../domain/text/errors.ts";
import { runVariable } from "../../processes/run-processes.ts";
import type { CliContext } from "../frame/context.ts";

/**
 * @param act what the command does, for example `discard a worktree`
 * @throws CliaiError `refused` if an agent runs the command
 */
export function requirePerson(act: string, { env }: Pick<CliContext, "env">): void {
  if (!env[runVariable]) return;
  throw new CliaiError("refused", `an agent cannot ${act}: only a person can`, {
    hint: "run it in a terminal of your own",
  });
}
