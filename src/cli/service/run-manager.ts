// Runs the commands of the manager of services. What they say is passed on if they fail.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { shellQuote } from "../../agents/shell-quote.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { CliContext } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import type { ManagerCommand, ServiceManager, ServiceState } from "./service-managers.ts";

const run = promisify(execFile);
const commandWithinMs = 60_000;

export async function readState(manager: ServiceManager, context: CliContext): Promise<ServiceState> {
  return manager.readState(await runCommand(manager.query, context).catch(() => undefined));
}

/** @param onError for a command whose failure is no obstacle @throws CliaiError `failed` for another one, with what it said */
export async function runAll(
  commands: readonly ManagerCommand[],
  context: CliContext,
  onError?: (error: Error) => void,
): Promise<void> {
  for (const command of commands) {
    try {
      await runCommand(command, context);
    } catch (error) {
      if (onError === undefined) throw failedCommand(command, error);
      onError(error as Error);
    }
  }
}

async function runCommand([program, ...words]: ManagerCommand, { env }: CliContext): Promise<string> {
  const options = { env: { ...env }, timeout: commandWithinMs, windowsHide: true };
  return (await run(program, words, options)).stdout;
}

function failedCommand(command: ManagerCommand, error: unknown): CliaiError {
  const { code, stderr = "", message } = error as { code?: unknown; stderr?: string; message: string };
  const words = code === "ENOENT" ? "there is no such program" : stderr.trim() || message;
  return new CliaiError("failed", `${shellQuote(command)}: ${plain(words.replaceAll(/\s*\n\s*/g, " "))}`, {
    hint: "without a service: cliai serve --detach",
    cause: error,
  });
}
