// This room runs short commands inside the server, so that the client loads neither a NATS client nor its credentials.
//
// The client's side: it sends the command line to the `serve` of its data directory, which runs it with its own connection and its own knowledge of the
// fleet. Whatever keeps serve from answering, the command runs here instead, over NATS, and says the same.
import process from "node:process";
import { buildInfo } from "../../build-info.ts";
import { dataDirOf } from "../../data-dir/data-dir.ts";
import { readHttpToken } from "../../data-dir/http-token.ts";
import { readServeFile } from "../../data-dir/serve-file.ts";
import { readHolder } from "../../data-dir/serve-lock.ts";
import { quickFetch } from "../../direct-fetch.ts";
import { definedOf } from "../../domain/defined.ts";
import { CliaiError, isErrorCode } from "../../domain/text/errors.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { isLoopback } from "../../domain/wire/own-address.ts";
import {
  type CommandInServe,
  type CommandLine,
  commandsInServe,
  type Printed,
  PrintedSchema,
} from "../../web/api/command-line-schema.ts";
import { type Attempt, type CliContext, operatorOf } from "../frame/context.ts";
import { whenEnded } from "../process/when-ended.ts";
import { dataDirIn } from "./data-dir-in.ts";
import { needsOwnProcess } from "./own-process.ts";
import { readLines } from "./read-lines.ts";
import { buildText, givenUpAfterMs, zoneOfProcess } from "./same-words.ts";

/** @param context with which to run the command here */
export type Outcome = { readonly code: number } | { readonly context: CliContext };

/**
 * Has serve run the command, and prints what it prints.
 * @returns the exit code; or if serve has not told the end, for whatever reason, what to run the command with here
 * @throws CliaiError what the command throws; `interrupted` after Ctrl-C; the reason if nobody reads the output any more
 */
export async function runThroughServe(
  command: string,
  args: readonly string[],
  context: CliContext,
): Promise<Outcome> {
  if (!isRunInServe(command)) return { context };
  // A log would be that of serve.
  const isOwn = needsOwnProcess(args) || Boolean(context.env.CLIAI_LOG);
  const server = isOwn ? undefined : await findServer(args, context);
  if (server === undefined) return { context };
  const attempt: Attempt = { id: crypto.randomUUID(), at: context.now(), isSecond: false };
  await using parts = new AsyncDisposableStack();
  const gone = new AbortController();
  parts.defer(() => gone.abort());
  const ended = whenEnded(context, parts);
  const line = lineOf(command, args, context, attempt);
  const tried = startTry(line.command, context);
  const last = await Promise.race([ask(server, line, context, tried, gone), ended]);
  if (last === undefined) return { context: secondTry(context, attempt, tried) };
  if ("exit" in last) return { code: last.exit };
  const { code, message, hint } = last.error;
  throw new CliaiError(isErrorCode(code) ? code : "failed", message, definedOf({ hint }));
}

function secondTry(context: CliContext, { id, at }: Attempt, tried: FirstTry): CliContext {
  const noted = [...tried.noted];
  const servedMs = tried.begunAt === undefined ? undefined : performance.now() - tried.begunAt;
  return {
    ...context,
    // A line that the first try has noted is not noted again.
    note(line) {
      const place = noted.indexOf(line);
      if (place === -1) context.note(line);
      else noted.splice(place, 1);
    },
    attempt: { id, at, isSecond: true, servedMs },
  };
}

function isRunInServe(command: string): command is CommandInServe {
  return Object.hasOwn(commandsInServe, command);
}

interface FoundServer {
  readonly url: string;
  /** Undefined for a server that asks for none (`--insecure`). */
  readonly token: string | undefined;
}

/**
 * Undefined if the server of the data directory would not do: it does not run, it is of another build, or is not reached over loopback without TLS.
 * The kernel's lock proves that it runs. Without that, another program could have its port by now, and would get the token.
 */
async function findServer(args: readonly string[], context: CliContext): Promise<FoundServer | undefined> {
  try {
    const { env, cwd } = context;
    const dataDir = dataDirOf({ flag: dataDirIn(args), env, cwd, platform: process.platform });
    const file = await readServeFile(dataDir);
    if (file === undefined || file.commit === undefined) return undefined;
    const { url, version, commit, instance, token_file } = file;
    const { protocol, hostname } = new URL(url);
    if (protocol !== "http:" || !isLoopback(hostname)) return undefined;
    if (buildText({ version, commit }) !== buildText(buildInfo)) return undefined;
    if ((await readHolder(dataDir))?.instance !== instance) return undefined;
    return { url, token: token_file === undefined ? undefined : readHttpToken(token_file) };
  } catch (error) {
    if (error instanceof CliaiError) return undefined; // the command itself will say it
    throw error;
  }
}

function lineOf(
  command: CommandInServe,
  args: readonly string[],
  context: CliContext,
  { id, at }: Attempt,
): CommandLine {
  const { cwd, env, json, isTerminal, columns, color } = context;
  return {
    ...{ command, args: [...args], cwd, json, columns, color },
    is_terminal: isTerminal,
    operator: operatorOf(context),
    ...definedOf({ traceparent: env.TRACEPARENT }),
    build: buildText(buildInfo),
    zone: zoneOfProcess(env),
    attempt: { id, at: at.toISOString() },
  };
}

type Last = Extract<Printed, { exit: number } | { error: unknown }>;

/** While a command runs, serve sends something every two seconds. */
const silentForMs = 10_000;

/** Undefined if serve refuses, or does not tell the end. */
async function ask(
  { url, token }: FoundServer,
  line: CommandLine,
  context: CliContext,
  tried: FirstTry,
  gone: AbortController,
): Promise<Last | undefined> {
  let timer = setTimeout(() => gone.abort(), givenUpAfterMs);
  try {
    const headers = {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const request = { method: "POST", headers, body: JSON.stringify(line), signal: gone.signal };
    const response = await quickFetch(new URL("/api/command-line", url), request, context.env);
    if (response.status !== 200 || response.body === null) return undefined;
    for await (const text of readLines(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(() => gone.abort(), silentForMs);
      tried.begunAt ??= performance.now();
      if (text === "") continue;
      const last = tried.print(decodeMessage(PrintedSchema, text));
      if (last !== undefined) return last;
    }
    return undefined;
  } catch {
    return undefined; // nobody listens, serve has ended, or it is stuck: then the command runs here
  } finally {
    clearTimeout(timer);
  }
}

interface FirstTry {
  /** When serve has begun, by `performance.now()`. */
  begunAt: number | undefined;
  /** What was printed on stderr so far. */
  readonly noted: readonly string[];
  /** Returns the last line. */
  print(printed: Printed): Last | undefined;
}

/** Prints each line as it comes; or all of them at the end, so that a second try does not print the first ones again. */
function startTry(command: CommandInServe, { print, note }: CliContext): FirstTry {
  const held: (() => void)[] = [];
  const noted: string[] = [];
  const say = (act: () => void) => {
    if (commandsInServe[command] === "at-end") held.push(act);
    else act();
  };
  return {
    begunAt: undefined,
    noted,
    print(printed) {
      if ("out" in printed) say(() => print(printed.out, printed.tells));
      else if ("err" in printed) {
        say(() => {
          noted.push(printed.err);
          note(printed.err);
        });
      } else {
        for (const act of held) act();
        return printed;
      }
      return undefined;
    },
  };
}
