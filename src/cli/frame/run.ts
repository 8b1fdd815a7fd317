// This room holds what every command stands in: the table of commands, flags, help, exit codes, the terminal.
//
// Runs one command line. Only this file catches errors, prints them, and turns them into exit codes.

import type { Readable } from "node:stream";
import { setTimeout } from "node:timers";
import { CliaiError, exitCodeOf, firstError, messageOf } from "../../domain/text/errors.ts";
import { plainLines } from "../../domain/text/harmless.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import { redact } from "../../domain/text/redact.ts";
import { createLogger, type LogLevel, logLevels } from "../../log.ts";
import { type Environment, withoutBunVariables } from "../../runtime.ts";
import { createOutput, type Output, type OutputStream } from "../process/output.ts";
import { type CommandRow, commands } from "./commands.ts";
import type { CliContext } from "./context.ts";
import { shortHelp, versionText } from "./help.ts";
import { typedWords } from "./typed-words.ts";

export interface ProcessParts {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly cwd: string;
  readonly stdin: () => Readable;
  readonly stdout: () => OutputStream;
  readonly stderr: () => OutputStream;
  /** The files or pipes behind stdout and stderr, to write the first lines to them without their streams. */
  readonly outputFds?: { readonly stdout: number; readonly stderr: number } | undefined;
  readonly exit: (code: number) => never;
}

interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborts when stdout takes nothing more. */
  readonly ended: AbortSignal;
}

const lingerMs = 500;

/** @returns the process's exit code: docs/commands.md lists them */
export async function run(parts: ProcessParts): Promise<number> {
  const outputs = openOutputs(parts);
  const code = await runCaught(parts, outputs);
  endSoon(parts, outputs.stdout, code);
  return code;
}

/**
 * The process ends by itself when nothing is left to do. But nats 2.29 never closes the socket of a connection attempt that
 * timed out, and that socket would keep the process alive. So end the process after a moment, once all output is written.
 */
function endSoon(parts: ProcessParts, stdout: Output, code: number): void {
  const look = () => {
    if (!stdout.isBusy()) parts.exit(code);
    setTimeout(look, lingerMs).unref();
  };
  setTimeout(look, lingerMs).unref();
}

async function runCaught(parts: ProcessParts, outputs: Outputs): Promise<number> {
  const end = parts.argv.indexOf("--");
  const own = end === -1 ? parts.argv : parts.argv.slice(0, end);
  const json = own.includes("--json");
  try {
    const code = await runLine(parts.argv, own, createContext(parts, outputs, json));
    outputs.ended.throwIfAborted();
    return code;
  } catch (thrown) {
    const error = firstError(thrown);
    if (error instanceof ReaderGone) return 0;
    outputs.stderr.write(`${redact(await errorText(error, json, parts.env.CLIAI_LOG === "debug"))}\n`);
    const code = exitCodeOf(error);
    // Exit code 2 from a hook tells an agent's CLI to stop, so an error in our own command must not have that code.
    return own[0] === "hook" && code === 2 ? 1 : code;
  }
}

async function runLine(
  argv: readonly string[],
  own: readonly string[],
  context: CliContext,
): Promise<number> {
  const isHelp = argv[0] === "help";
  const [first, ...rest] = isHelp ? argv.slice(1) : argv;
  if (first === undefined || first.startsWith("-"))
    return runWithoutCommand(isHelp ? ["--help"] : argv, context);
  if (first === "complete") {
    const { completionLines } = await import("../completion/candidates.ts");
    for (const line of await completionLines(rest.slice(rest.indexOf("--") + 1), commands, context))
      context.print(line);
    return 0;
  }
  const wantsHelp = isHelp || own.includes("--help") || own.includes("-h");
  const row = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (row === undefined) {
    const meant = Object.hasOwn(typedWords, first) ? typedWords[first] : undefined;
    if (meant?.runs !== undefined) {
      const isBare = rest.every((word) => word.startsWith("-"));
      if (meant.example !== undefined && isBare && !wantsHelp)
        throw new CliaiError("usage", `${first} needs REQUEST`, { hint: meant.example });
      const words = meant.runs(rest);
      return await runLine(isHelp ? ["help", ...words] : words, own, context);
    }
    throw new CliaiError("usage", `unknown command "${first}"`, {
      hint: meant?.hint ?? didYouMean(first, Object.keys(commands)) ?? "cliai --help",
    });
  }
  if (!wantsHelp) return await runCommand(first, row, rest, context);
  context.print((await row.load()).help(rest));
  return 0;
}

async function runCommand(
  name: string,
  row: CommandRow,
  args: readonly string[],
  context: CliContext,
): Promise<number> {
  if (row.runsInServe !== true) return await (await row.load()).run(args, context);
  const { runThroughServe } = await import("../through-serve/through-serve.ts");
  const outcome = await runThroughServe(name, args, context);
  if ("code" in outcome) return outcome.code;
  return await (await row.load()).run(args, outcome.context);
}

function runWithoutCommand(argv: readonly string[], context: CliContext): number {
  const flags = ["--help", "--version", "--json"];
  const [unknown] = argv.filter((arg) => !flags.includes(arg) && arg !== "-h");
  if (unknown !== undefined) {
    const isFlag = unknown.startsWith("-");
    const hint = isFlag ? didYouMean(unknown, flags) : `put it before ${argv[0]}: cliai ${unknown} [options]`;
    throw new CliaiError("usage", isFlag ? `unknown flag ${unknown}` : `"${unknown}" is not the first word`, {
      hint: hint ?? "cliai --help",
    });
  }
  context.print(argv.includes("--version") ? versionText(context.json) : shortHelp());
  return 0;
}

/** The reader of stdout has gone (`| head`). That is not a failure. */
class ReaderGone extends Error {}

function openOutputs({ stdout, stderr, outputFds }: ProcessParts): Outputs {
  const ended = new AbortController();
  const onError = (cause: NodeJS.ErrnoException) => {
    ended.abort(
      cause.code === "EPIPE"
        ? new ReaderGone()
        : new CliaiError("failed", `cannot write the output: ${messageOf(cause)}`, { cause }),
    );
  };
  return {
    stdout: createOutput(stdout, outputFds?.stdout, onError),
    // Nobody reads stderr any more, so this error cannot be reported.
    stderr: createOutput(stderr, outputFds?.stderr, () => undefined),
    ended: ended.signal,
  };
}

function createContext(parts: ProcessParts, { stdout, stderr, ended }: Outputs, json: boolean): CliContext {
  // All children get this environment, except nats-server, which gets less of it.
  const env = withoutBunVariables(parts.env);
  const { isTerminal } = stdout;
  const now = () => new Date();
  const told = new Set<string>();
  const print = (line: string, tells?: string) => {
    if (ended.aborted || (tells !== undefined && told.has(tells))) return;
    if (tells !== undefined) told.add(tells);
    stdout.write(`${line}\n`);
  };
  const note = (line: string) => stderr.write(`${redact(line)}\n`);
  const progress = (line: string) => {
    if (stderr.isTerminal && !json) note(line);
  };
  const level = logLevelOf(env);
  const logTo: CliContext["logTo"] = (write) =>
    createLogger(level, (line) => write(plainLines(line).join("\n")), now);
  // Through the stream: a process that lives long must not wait for whoever reads its log.
  const log = logTo((line) => void stderr.stream.write(line));
  const color = isTerminal && !json && !env.NO_COLOR && env.TERM !== "dumb";
  return {
    ...{ env, cwd: parts.cwd, log, logTo, json, isTerminal, color, now, print, note, progress },
    get stdin() {
      return parts.stdin();
    },
    get stdout() {
      return stdout.stream;
    },
    columns: stdout.columns ?? 80,
    outputEnded: ended,
    exitNow: parts.exit,
  };
}

function logLevelOf(env: Environment): LogLevel {
  const word = env.CLIAI_LOG || "warn";
  const level = logLevels.find((each) => each === word);
  if (level !== undefined) return level;
  throw new CliaiError("config_invalid", `CLIAI_LOG "${word}" is not one of ${logLevels.join(", ")}`, {
    hint: "leave it unset, or set it to debug",
  });
}

/** One line for the error and one for its hint; with `CLIAI_LOG=debug` also the stack. */
async function errorText(error: unknown, json: boolean, debug: boolean): Promise<string> {
  const known =
    error instanceof CliaiError
      ? error
      : new CliaiError("failed", messageOf(error), {
          hint: "see the whole error: CLIAI_LOG=debug cliai …",
          cause: error,
        });
  const stack = debug && error instanceof Error ? `\n${(await import("node:util")).inspect(error)}` : "";
  if (json) return JSON.stringify(known.toJSON()) + stack;
  const oneLine = known.message.replaceAll(/\s*\n\s*/g, " ");
  const hint = known.hint === undefined ? "" : `\nhint: ${known.hint}`;
  // It may quote an agent's words or the output of its CLI.
  return plainLines(`error: ${oneLine}${hint}`).join("\n") + stack;
}
