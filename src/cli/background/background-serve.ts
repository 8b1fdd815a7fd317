// This room starts the server in the background, tells its status, and ends it.
//
// Starts `cliai serve` in the background and waits until it answers. It gets a session of its own, so that it outlives this program
// and its terminal. Its output goes to `logs/serve.log` in the data directory.
import type { ChildProcess } from "node:child_process";
import { dirname } from "node:path";
import * as v from "valibot";
import { askHealth } from "../../data-dir/ask-serve.ts";
import { readLog, serveLogPath } from "../../data-dir/log-file.ts";
import { ensureOwnDir, ensurePrivateDir } from "../../data-dir/private-files.ts";
import { readServeFile, type ServeFile } from "../../data-dir/serve-file.ts";
import { CliaiError, type ErrorCode } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import { pause } from "../../waiting.ts";
import type { CliContext } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { startLogged } from "./start-logged.ts";

/** Long, because nats-server needs a while to open a large store. */
const readyWithinMs = 60_000;
const lookEveryMs = 20;
const lastWordsBytes = 2_000;

export interface BackgroundServeOptions {
  readonly dataDir: string;
  /** Flags for `serve`, each as one word: `--port=0`. */
  readonly flags: readonly string[];
  readonly context: Pick<CliContext, "env" | "cwd">;
}

/**
 * @throws CliaiError with the error of `serve` itself, if it ends at its start; `no_answer` if it still runs after a minute, but is not
 * ready
 */
export async function startBackgroundServe(options: BackgroundServeOptions): Promise<ServeFile> {
  const { dataDir } = options;
  await ensurePrivateDir(dataDir);
  const log = serveLogPath(dataDir);
  await ensureOwnDir(dirname(log));
  const from = readLog(log, -1, 1).end;
  const before = await readServeFile(dataDir).catch(() => undefined); // serve overwrites a damaged file
  const child = startServe(options, log);
  const ended = endOf(child);
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    const server = await readServeFile(dataDir).catch(() => undefined); // the same
    const isNew = server?.pid === child.pid && server?.instance !== before?.instance;
    if (server !== undefined && isNew && (await askHealth(server.url)) !== undefined) return server;
    const how = await Promise.race([ended, pause(lookEveryMs)]);
    if (how !== undefined) throw failureOf(how, readLog(log, from).text);
    if (performance.now() < deadline) continue;
    throw new CliaiError(
      "no_answer",
      `the server (pid ${child.pid}) still runs, but is not ready after a minute`,
      {
        hint: `see what it does: tail ${log}`,
      },
    );
  }
}

const mostNames = 8;

/** Names the agents that a server launches again at its start. Follows the words that say that the server runs. "" if there are none. */
export function resumingWords({ resuming = [] }: Pick<ServeFile, "resuming">): string {
  if (resuming.length === 0) return "";
  const left = resuming.length - mostNames;
  const names = resuming.slice(0, mostNames).map(plain).join(", ");
  return `; resuming ${names}${left > 0 ? ` and ${left} more` : ""}`;
}

/** With --json, serve prints its error as JSON, which failureOf() decodes. */
function startServe({ dataDir, flags, context }: BackgroundServeOptions, log: string): ChildProcess {
  return startLogged(["serve", `--data-dir=${dataDir}`, "--json", ...flags], log, context);
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

const ErrorLineSchema = v.object({
  error: v.object({ code: v.string(), message: v.string(), hint: v.optional(v.string()) }),
});

/** The error of `serve` itself if its last line is one, else an error with its last output. */
export function failureOf(how: string, words: string): CliaiError {
  const lines = words.trim().split("\n");
  try {
    const { code, message, hint } = v.parse(ErrorLineSchema, JSON.parse(lines.at(-1) ?? "")).error;
    return new CliaiError(code as ErrorCode, message, hint === undefined ? {} : { hint });
  } catch {
    const last = redact(
      words
        .trim()
        .slice(-lastWordsBytes)
        .replaceAll(/\s*\n\s*/g, " "),
    );
    return new CliaiError("failed", `the server ended at its start (${how}): ${last || "it said nothing"}`, {
      hint: "see it in the foreground: CLIAI_LOG=debug cliai serve",
    });
  }
}
