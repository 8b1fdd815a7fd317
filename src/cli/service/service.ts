// This room is `cliai service`: it makes `cliai serve`, or `cliai node`, a service of the user's own manager, so that it starts by itself.
//
// The three commands, and what they tell a person.
import { closeSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { shellQuote } from "../../agents/shell-quote.ts";
import { openLog } from "../../data-dir/log-file.ts";
import { ensureOwnDir, ensurePrivateDir } from "../../data-dir/private-files.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { defineCommandGroup } from "../frame/command-group.ts";
import type { CliContext } from "../frame/context.ts";
import { lingerNote } from "./linger.ts";
import { managerOf } from "./manager-of.ts";
import { readState } from "./run-manager.ts";
import { isServiceOf, readServiceFile, type ServiceText } from "./service-file.ts";
import { serviceProgramOf } from "./service-programs.ts";
import { removeService, type ServicePlace, startService, startServiceOfNode } from "./start-service.ts";
import { withWholePaths } from "./whole-paths.ts";

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

const args = {
  name: {
    type: "string",
    valueHint: "NAME",
    description: "name of the service; each data directory needs one (default: cliai, of a node cliai-node)",
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
  description: "make the server, or the node, a service that starts by itself; tell its state",
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
        description: "end what it runs and remove the service; the agents run on",
        args,
        run: uninstall,
      }),
    },
  },
});

interface NamedPlace extends ServicePlace {
  readonly name: string;
}

async function placeOf(
  given: ServiceArgs,
  flags: readonly string[],
  context: CliContext,
): Promise<NamedPlace> {
  const dataDir = dataDirFor(given, context);
  const program = await serviceProgramOf(dataDir);
  const name = given.name ?? program.serviceName;
  if (!namePattern.test(name)) {
    throw new CliaiError("usage", `"${name}" is no name of a service`, {
      hint: "a name has letters, digits, - and _: cliai service install --name cliai-work",
    });
  }
  if (program.command === "node" && flags.length > 0) {
    throw new CliaiError("usage", `"${flags[0]}" is given for cliai node, which takes no flags`, {
      hint: "leave out -- and what follows it",
    });
  }
  const manager = managerOf(name, {
    ...{ dataDir, program, flags: withWholePaths(flags, context.cwd), env: context.env },
  });
  return { dataDir, name, program, manager };
}

/**
 * The file of the service; undefined if there is none.
 * @throws CliaiError as {@link readServiceFile}; `usage` if the service is for another data directory
 */
async function readOwnFile({ name, manager }: NamedPlace, hint: string): Promise<ServiceText | undefined> {
  const file = await readServiceFile(manager.path);
  if (file === undefined || isServiceOf(file, manager)) return file;
  throw new CliaiError("usage", `the service ${name} (${manager.path}) is for another data directory`, {
    hint,
  });
}

async function install(
  given: Arguments<typeof installArgs>,
  flags: readonly string[],
  context: CliContext,
): Promise<number> {
  const place = await placeOf(given, flags, context);
  const { dataDir, name, program, manager } = place;
  const { path, file } = manager;
  if (given["dry-run"] === true) {
    const text = typeof file === "string" ? file : Buffer.from(file).toString("utf16le").slice(1);
    const commands = manager.install.map(shellQuote);
    if (context.json) context.print(JSON.stringify({ path, text, commands }));
    else
      for (const line of [`# ${path}`, text.trimEnd(), ...commands.map((each) => `$ ${each}`)])
        context.print(line);
    return 0;
  }
  const ownName = `give this one a name of its own: cliai service install --name ${name}-2`;
  const former = await readOwnFile(place, ownName);
  const before = await readState(manager, context);
  const runsOtherwise = (manager.isDetached || !before.isActive) && (await program.isHeld());
  if (runsOtherwise && program.command === "serve") {
    throw new CliaiError("already_running", `a server that is not the service ${name} runs on ${dataDir}`, {
      hint: "end it first; the agents run on: cliai down",
    });
  }
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(dirname(program.log));
  // If the manager made it, others could read it.
  closeSync(openLog(program.log));
  context.progress(`starting ${program.title}`);
  const start = runsOtherwise ? startServiceOfNode : startService;
  const server = await start(place, former, context);
  const { title, starts } = manager;
  const note = lingerNote(process.platform, context.env);
  if (context.json)
    context.print(JSON.stringify({ name, title, path, url: server.url, pid: server.pid, note }));
  else {
    context.print(
      `the service ${name} runs cliai ${program.command} ${server.where}, and starts it ${starts} (${title} ${path})`,
    );
    if (note !== undefined) context.note(note);
  }
  return 0;
}

async function uninstall(given: ServiceArgs, context: CliContext): Promise<number> {
  const place = await placeOf(given, [], context);
  const { name, program, manager } = place;
  const { path } = manager;
  const itsDirectory = `name that one, to remove its service: cliai service uninstall --name ${name} --data-dir DIR`;
  const wasThere = (await readOwnFile(place, itsDirectory)) !== undefined;
  if (wasThere) {
    context.progress(`ending ${program.title}`);
    await removeService(place, context);
  }
  if (context.json) context.print(JSON.stringify({ name, path, removed: wasThere }));
  else if (wasThere) context.print(`the service ${name} is removed; agents that run go on`);
  else context.note(`no service ${name} is installed: there is no ${path}`);
  return 0;
}

async function status(given: ServiceArgs, context: CliContext): Promise<number> {
  const { name, program, manager } = await placeOf(given, [], context);
  const { path, title, starts } = manager;
  const file = await readServiceFile(path);
  const installed = file !== undefined && isServiceOf(file, manager);
  const state = installed ? await readState(manager, context) : { isActive: false, isEnabled: false };
  const server = (await program.ready()) ?? (await program.waiting());
  const runs = state.isActive && server !== undefined;
  const note = installed ? lingerNote(process.platform, context.env) : undefined;
  if (context.json) {
    const { isActive: active, isEnabled: enabled } = state;
    context.print(JSON.stringify({ name, title, path, installed, active, enabled, url: server?.url, note }));
  } else if (file === undefined)
    context.print(`${name} is not installed; to install it: cliai service install`);
  else if (!installed) {
    const another = `the service of that name (${path}) is for another data directory`;
    context.print(
      `${name} is not installed: ${another}; to install one for this: cliai service install --name ${name}-2`,
    );
  } else {
    const when = state.isEnabled ? `starts ${starts}` : "does not start by itself";
    const where = runs
      ? `runs ${server.where}`
      : state.isActive
        ? "starts"
        : `does not run; its log: ${program.command === "serve" ? "cliai status --log" : program.log}`;
    context.print(`${name} (${title}) ${where}; it ${when}`);
    if (note !== undefined) context.note(note);
  }
  return runs ? 0 : 3;
}
