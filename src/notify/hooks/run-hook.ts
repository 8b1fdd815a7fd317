// Runs the command of a hook: without a shell, with the notice as JSON on its standard input, and with a deadline.
import { harmless } from "../../domain/text/harmless.ts";
import { redact } from "../../domain/text/redact.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import { type ProgramEnd, runProgram } from "../../processes/run-program.ts";
import type { Environment } from "../../runtime.ts";
import type { Hook } from "./hooks-file.ts";

const outputKept = 2_000;
const reasonLength = 200;

export interface HookRun {
  readonly cwd: string;
  readonly env: Environment;
  /** Ends the command when it aborts. */
  readonly signal: AbortSignal;
}

/**
 * Resolves when the command has ended with exit code 0.
 * @param input written to its standard input as one line of JSON
 * @throws Error with the reason in a line: it cannot be started, its exit code with the last line of its output, or that it took too long
 */
export async function runHook(
  { command, timeout_s }: Pick<Hook, "command" | "timeout_s">,
  input: object,
  { cwd, env, signal }: HookRun,
): Promise<void> {
  // Both streams in the order in which they come, because the last line says most.
  let output = Buffer.alloc(0);
  const onOutput = (piece: Uint8Array) => {
    output = Buffer.concat([output, piece]).subarray(-outputKept);
  };
  const end = await runProgram(command, {
    ...{ cwd, env, signal, onOutput },
    input: `${JSON.stringify(input)}\n`,
    withinMs: timeout_s * 1_000,
  });
  if (end.code === 0) return;
  if (end.why === "aborted") throw new Error("serve has ended it");
  if (end.why === "late") throw new Error(`it ran for more than ${timeout_s} s and was ended`);
  throw new Error(withLastLine(failureOf(end), output.toString("utf8")));
}

function failureOf({ error, signal, code }: ProgramEnd): string {
  if (error !== undefined) return `it cannot be started: ${error}`;
  return signal ?? `exit code ${code}`;
}

function withLastLine(reason: string, output: string): string {
  const last = output.trim().split("\n").at(-1) ?? "";
  return last === "" ? reason : `${reason}: ${beginningOf(harmless(redact(last)), reasonLength)}`;
}
