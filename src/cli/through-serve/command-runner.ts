// In serve: runs a command for a client, with the parts of serve in place of a connection, and hands on what it prints. It is the same command
// that the client would run, so both ways say the same.
import { Readable, Writable } from "node:stream";
import { buildInfo } from "../../build-info.ts";
import { definedOf } from "../../domain/defined.ts";
import { CliaiError, firstError, messageOf } from "../../domain/text/errors.ts";
import type { Bus } from "../../nats/bus.ts";
import type { CommandInServe, CommandLine, Printed } from "../../web/api/command-line-schema.ts";
import type { CommandRunner } from "../../web/api/command-lines.ts";
import type { CliCommand } from "../frame/command.ts";
import { type CliContext, type InsideServe, operatorOf } from "../frame/context.ts";
import { needsOwnProcess } from "./own-process.ts";
import { buildText, takenWithinMs, zoneOfProcess } from "./same-words.ts";

/** Loaded when a client first asks for it, as in the table of commands. That table itself cannot stand here: it has `serve`. */
const loaders: Readonly<Record<CommandInServe, () => Promise<CliCommand>>> = {
  ls: async () => (await import("../ls/ls.ts")).lsCommand,
  show: async () => (await import("../fleet/show.ts")).showCommand,
  inbox: async () => (await import("../inbox/inbox.ts")).inboxCommand,
  answer: async () => (await import("../fleet/answer.ts")).answerCommand,
  send: async () => (await import("../send/send.ts")).sendCommand,
};

export function createCommandRunner(
  serve: InsideServe,
  context: Pick<CliContext, "env" | "now" | "log" | "logTo">,
): CommandRunner {
  // That of its start, for it keeps that zone.
  const own = {
    build: buildText(buildInfo),
    operator: operatorOf(context),
    zone: zoneOfProcess(context.env),
  };
  return {
    start(line) {
      requireSameWords(line, own);
      requireFresh(line, context.now());
      if (needsOwnProcess(line.args)) {
        throw new CliaiError("refused", `${line.command} needs a process of its own with these arguments`, {
          hint: "run the command where it was typed",
        });
      }
      if (!serve.bus.isConnected()) {
        throw new CliaiError("nats_unreachable", "the connection to NATS is lost", {
          hint: "serve restarts nats-server when it ends: try again in a few seconds",
        });
      }
      return async (print, signal) => {
        try {
          const command = await loaders[line.command]();
          print({ exit: await command.run(line.args, contextOf(line, { serve, context, print, signal })) });
        } catch (error) {
          // Serve ends, and that is no answer of the command: the client runs it itself.
          if (isEnding(serve.bus)) throw error;
          print({ error: knownError(error) });
        }
      };
    },
  };
}

/** @throws CliaiError `refused` for a client that would say it in other words: it has to run the command itself */
function requireSameWords(
  { build, operator, zone }: CommandLine,
  own: Pick<CommandLine, "build" | "operator" | "zone">,
): void {
  if (build === own.build && operator === own.operator && zone === own.zone) return;
  throw new CliaiError(
    "refused",
    `this server is ${own.build} of ${own.operator}, in the zone "${own.zone}"`,
    {
      hint: "run the command where it was typed",
    },
  );
}

/** @throws CliaiError `refused` for a client that has given up by now, or soon will: it runs the command itself, and then this must not. */
function requireFresh({ attempt }: CommandLine, now: Date): void {
  const ageMs = Math.abs(now.getTime() - Date.parse(attempt.at));
  if (ageMs <= takenWithinMs) return;
  throw new CliaiError("refused", `the command was typed ${ageMs / 1000} s ago`, {
    hint: "run the command where it was typed",
  });
}

function isEnding({ connection }: Bus): boolean {
  return connection.isDraining() || connection.isClosed();
}

interface Running {
  readonly serve: InsideServe;
  readonly context: Pick<CliContext, "env" | "now" | "log" | "logTo">;
  readonly print: (printed: Printed) => void;
  readonly signal: AbortSignal;
}

function contextOf(line: CommandLine, { serve, context, print, signal }: Running): CliContext {
  const { cwd, json, columns, color, attempt } = line;
  return {
    ...{ cwd, json, columns, color, serve },
    // What is ordered and answered is signed with the name that serve knows, never with one that came over HTTP.
    env: definedOf({ USER: operatorOf(context), TRACEPARENT: line.traceparent }),
    // The client sends no command here that reads or writes them.
    stdin: Readable.from([]),
    stdout: new Writable({ write: (_chunk, _encoding, done) => done() }),
    ...{ log: context.log, logTo: context.logTo, now: context.now },
    isTerminal: line.is_terminal,
    print: (out, tells) => print({ out, ...definedOf({ tells }) }),
    note: (err) => print({ err }),
    progress: () => undefined,
    outputEnded: signal,
    attempt: { id: attempt.id, at: new Date(attempt.at), isSecond: false },
    exitNow: () => {
      throw new CliaiError("failed", "a command that serve runs ends no process");
    },
  };
}

function knownError(thrown: unknown): Extract<Printed, { error: unknown }>["error"] {
  const error = firstError(thrown);
  const known =
    error instanceof CliaiError
      ? error
      : new CliaiError("failed", messageOf(error), {
          hint: "see the whole error: CLIAI_LOG=debug cliai …",
        });
  return known.toJSON().error;
}
