// Runs the commands of the manager of services. What they say is passed on if they fail.
import { shellQuote } from "../../agents/shell-quote.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type ProgramEnd, runProgram } from "../../processes/run-program.ts";
import type { CliContext } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import type { ManagerCommand, ServiceManager, ServiceState } from "./service-managers.ts";

const commandWithinMs = 60_000;

export async function readState(manager: ServiceManager, context: CliContext): Promise<ServiceState> {
  const { code, stdout } = await runCommand(manager.query, context);
  return manager.readState(code === 0 ? stdout : undefined);
}

/**
 * @param act which of the manager's commands are run
 * @param onError for a command whose failure is no obstacle
 * @throws CliaiError `failed` for another one, with what it said
 */
export async function runAll(
  manager: ServiceManager,
  act: "install" | "uninstall" | "forget",
  context: CliContext,
  onError?: (error: CliaiError) => void,
): Promise<void> {
  for (const command of manager[act]) {
    const end = await runCommand(command, context);
    if (end.code === 0) continue;
    const error = failedCommand(command, end, manager);
    if (onError === undefined) throw error;
    onError(error);
  }
}

function runCommand(command: ManagerCommand, { cwd, env }: CliContext): Promise<ProgramEnd> {
  return runProgram(command, { cwd, env, withinMs: commandWithinMs });
}

function failedCommand(
  command: ManagerCommand,
  { code, stderr, why }: ProgramEnd,
  manager: ServiceManager,
): CliaiError {
  const end =
    why === "late" ? `not done within ${commandWithinMs / 1_000} s` : `exit code ${code ?? "unknown"}`;
  const words = why === "missing" ? "there is no such program" : stderr.trim() || end;
  return new CliaiError("failed", `${shellQuote(command)}: ${plain(words.replaceAll(/\s*\n\s*/g, " "))}`, {
    hint: `without a service: cliai ${manager.command} --detach`,
  });
}
