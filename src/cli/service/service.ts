// This room is `cliai service`: it makes `cliai serve` a service of the user's own manager, so that it starts by itself.
//
// The three commands. Each runs the manager's own programs; what they say is passed on if they fail.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { shellQuote } from "../../agents/shell-quote.ts";
import { askHealth } from "../../data-dir/ask-serve.ts";
import { readLog, serveLogPath } from "../../data-dir/log-file.ts";
import { ensureOwnDir, ensurePrivateDir, unwritable } from "../../data-dir/private-files.ts";
import { readServeFile, type ServeFile } from "../../data-dir/serve-file.ts";
import { isServed } from "../../data-dir/serve-lock.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { pause } from "../../waiting.ts";
import { failureOf } from "../background/background-serve.ts";
import { endServer } from "../background/down.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { defineCommandGroup } from "../frame/command-group.ts";
import type { CliContext } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { lingerNote } from "./linger.ts";
import { managerOf, standardServiceName } from "./manager-of.ts";
import type { ManagerCommand, ServiceManager, ServiceState } from "./service-managers.ts";

const run = promisify(execFile);
const commandWithinMs = 60_000;
/** Long, because nats-server needs a while to open a large store. */
const readyWithinMs = 60_000;
const lookEveryMs = 50;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

const args = {
  name: {
    type: "string",
    default: standardServiceName,
    description: "name of the service; each data directory needs one",
  },
  ...dataDirArgs,
  ...jsonArgs,
} as const;
const installArgs = {
  "dry-run": { type: "boolean", description: "print the file and the commands, and change nothing" },
  ...args,
} as const;
type ServiceArgs = Arguments<typeof args>;

export const serviceCommand = defineCommandGroup({
  name: "service",
  description: "make the server a service that starts by itself; tell its state",
  standard: "status",
  subcommands: {
    status: {
      command: defineCliCommand({
        name: "service status",
        description: "tell whether the service is installed and runs; exit 3 if it does not run",
        args,
        run: status,
      }),
    },
    install: {
      command: defineCliCommand({
        name: "service install",
        example: "cliai service install -- --phone",
        description: "install the service and start it; what follows -- are flags for `cliai serve`",
        args: installArgs,
        passesOn: true,
        run: (given, context, _more, flags = []) => install(given, flags, context),
      }),
    },
    uninstall: {
      command: defineCliCommand({
        name: "service uninstall",
        description: "end the server and remove the service; the agents run on",
        args,
        run: uninstall,
      }),
    },
  },
});

interface Place {
  readonly dataDir: string;
  readonly name: string;
  readonly manager: ServiceManager;
}

function placeOf(given: ServiceArgs, flags: readonly string[], context: CliContext): Place {
  const { name } = given;
  if (!namePattern.test(name)) {
    throw new CliaiError("usage", `"${name}" is no name of a service`, {
      hint: "a name has letters, digits, - and _: cliai service install --name cliai-work",
    });
  }
  const dataDir = dataDirFor(given, context);
  const manager = managerOf(name, { dataDir, flags, env: context.env });
  return { dataDir, name, manager };
}

async function install(
  given: Arguments<typeof installArgs>,
  flags: readonly string[],
  context: CliContext,
): Promise<number> {
  const { dataDir, name, manager } = placeOf(given, flags, context);
  const { path, file } = manager;
  if (given["dry-run"] === true) {
    const text = typeof file === "string" ? file : Buffer.from(file).toString("utf16le").slice(1);
    const commands = manager.install.map(lineOf);
    if (context.json) context.print(JSON.stringify({ path, text, commands }));
    else
      for (const line of [`# ${path}`, text.trimEnd(), ...commands.map((each) => `$ ${each}`)])
        context.print(line);
    return 0;
  }
  const former = await readServiceFile(path);
  if (former !== undefined && !former.text.includes(manager.dataDirWord)) {
    throw new CliaiError("usage", `the service ${name} (${path}) is for another data directory`, {
      hint: `give this one a name of its own: cliai service install --name ${name}-2`,
    });
  }
  const before = await readState(manager, context);
  if ((manager.isDetached || !before.isActive) && (await isServed(dataDir))) {
    throw new CliaiError("already_running", `a server that is not the service ${name} runs on ${dataDir}`, {
      hint: "end it first; the agents run on: cliai down",
    });
  }
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(dirname(serveLogPath(dataDir)));
  context.progress("starting the server");
  const server = await startService({ dataDir, name, manager }, former, context);
  const { title, starts } = manager;
  const note = lingerNote(process.platform, context.env);
  if (context.json)
    context.print(JSON.stringify({ name, title, path, url: server.url, pid: server.pid, note }));
  else {
    context.print(
      `the service ${name} runs cliai serve at ${server.url}, and starts it ${starts} (${title} ${path})`,
    );
    if (note !== undefined) context.note(note);
  }
  return 0;
}

/** @param former the file of the service as it was; it is restored if the new one does not start */
async function startService(
  { dataDir, manager }: Place,
  former: ServiceText | undefined,
  context: CliContext,
): Promise<ServeFile> {
  const { path, file } = manager;
  const from = readLog(serveLogPath(dataDir), -1, 1).end;
  const earlier = (await readServeFile(dataDir).catch(() => undefined))?.instance;
  // launchd does not load a service a second time.
  if (former !== undefined && process.platform === "darwin") await end(manager, context);
  await writeServiceFile(path, file);
  try {
    await runAll(manager.install, context);
    return await untilReady(dataDir, { earlier, from, manager, context });
  } catch (error) {
    if (former === undefined) await remove({ dataDir, manager }, context);
    else {
      await writeServiceFile(path, former.bytes);
      await runAll(manager.install, context, (failure) => context.log.warn(failure.message));
    }
    throw error;
  }
}

async function uninstall(given: ServiceArgs, context: CliContext): Promise<number> {
  const place = placeOf(given, [], context);
  const { name, manager } = place;
  const { path } = manager;
  const wasThere = (await readServiceFile(path)) !== undefined;
  if (wasThere) {
    context.progress("ending the server");
    await remove(place, context);
  }
  if (context.json) context.print(JSON.stringify({ name, path, removed: wasThere }));
  else if (wasThere) context.print(`the service ${name} is removed; agents that run go on`);
  else context.note(`no service ${name} is installed: there is no ${path}`);
  return 0;
}

async function end(manager: ServiceManager, context: CliContext): Promise<void> {
  await runAll(manager.uninstall, context, (error) => context.log.debug(error.message));
}

async function remove(
  { dataDir, manager }: Pick<Place, "dataDir" | "manager">,
  context: CliContext,
): Promise<void> {
  await end(manager, context);
  if (manager.isDetached) await endServer(dataDir);
  await rm(manager.path, { force: true });
  await runAll(manager.forget, context, (error) => context.log.debug(error.message));
}

async function status(given: ServiceArgs, context: CliContext): Promise<number> {
  const { dataDir, name, manager } = placeOf(given, [], context);
  const { path, title, starts } = manager;
  const installed = existsSync(path);
  const state = installed ? await readState(manager, context) : { isActive: false, isEnabled: false };
  const server = (await isServed(dataDir)) ? await readServeFile(dataDir) : undefined;
  const runs = state.isActive && server !== undefined;
  const note = installed ? lingerNote(process.platform, context.env) : undefined;
  if (context.json) {
    const { isActive: active, isEnabled: enabled } = state;
    context.print(JSON.stringify({ name, title, path, installed, active, enabled, url: server?.url, note }));
  } else if (!installed) context.print(`${name} is not installed; to install it: cliai service install`);
  else {
    const when = state.isEnabled ? `starts ${starts}` : "does not start by itself";
    const where = runs
      ? `runs at ${server.url}`
      : state.isActive
        ? "starts"
        : "does not run; its log: cliai status --log";
    context.print(`${name} (${title}) ${where}; it ${when}`);
    if (note !== undefined) context.note(note);
  }
  return runs ? 0 : 3;
}

async function readState(manager: ServiceManager, context: CliContext): Promise<ServiceState> {
  return manager.readState(await runCommand(manager.query, context).catch(() => undefined));
}

/** @param onError for a command whose failure is no obstacle */
async function runAll(
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
  return new CliaiError("failed", `${lineOf(command)}: ${plain(words.replaceAll(/\s*\n\s*/g, " "))}`, {
    hint: "without a service: cliai serve --detach",
    cause: error,
  });
}

function lineOf(command: ManagerCommand): string {
  return shellQuote(command);
}

interface ServiceText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** What each of our files has; a file without it is somebody else's. */
const madeByUs = "Made by `cliai service install`";

/** Undefined if there is no such file. @throws CliaiError `refused` if it is not cliai's; `failed` if it cannot be read */
async function readServiceFile(path: string): Promise<ServiceText | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliaiError("failed", `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  const text = bytes.toString(bytes[0] === 0xff ? "utf16le" : "utf8");
  if (text.includes(madeByUs)) return { bytes, text };
  throw new CliaiError("refused", `${path} is a service that cliai has not made`, {
    hint: "choose another name: cliai service install --name cliai",
  });
}

async function writeServiceFile(path: string, file: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file, { mode: 0o600 });
  } catch (error) {
    throw unwritable(path, error);
  }
}

interface ReadyOptions {
  /** The server that ran before, which is not meant. */
  readonly earlier: string | undefined;
  /** Where the log of this start begins. */
  readonly from: number;
  readonly manager: ServiceManager;
  readonly context: CliContext;
}

/** @throws CliaiError with the error of `serve` itself if the service does not run any more; `no_answer` after a minute */
async function untilReady(
  dataDir: string,
  { earlier, from, manager, context }: ReadyOptions,
): Promise<ServeFile> {
  const log = serveLogPath(dataDir);
  const startedMs = performance.now();
  while (performance.now() - startedMs < readyWithinMs) {
    const server = await readServeFile(dataDir).catch(() => undefined);
    const isNew = server !== undefined && server.instance !== earlier;
    if (isNew && (await askHealth(server.url)) !== undefined) return server;
    const mayStillStart = performance.now() - startedMs < (manager.startsWithinMs ?? 0);
    if (!mayStillStart && !(await readState(manager, context)).isActive)
      throw failureOf("by itself", readLog(log, from).text);
    await pause(lookEveryMs);
  }
  throw new CliaiError("no_answer", "the server of the service was not ready after a minute", {
    hint: "see what it does: cliai status --log",
  });
}
