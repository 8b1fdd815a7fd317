// The managers of services: systemd's user manager on Linux, launchd on macOS, the Task Scheduler on Windows. For each, the file that describes
// the service, made from its template in configs/service, and the commands that act on it. Pure: nothing is run or written here. Run for
// real: systemd 252.
import { join } from "node:path";
import launchdTemplate from "../../../configs/service/launchd.plist" with { type: "text" };
import systemdTemplate from "../../../configs/service/systemd.service" with { type: "text" };
import windowsTemplate from "../../../configs/service/windows-task.xml" with { type: "text" };
import { CliaiError } from "../../domain/text/errors.ts";
import type { Environment } from "../../runtime.ts";

export interface ServiceFacts {
  readonly name: string;
  /** The program and its arguments, up to the name of the command. */
  readonly self: readonly [program: string, ...args: string[]];
  /** The command that the service runs, and what it is for. */
  readonly command: "serve" | "node";
  readonly description: string;
  readonly dataDir: string;
  /** For that command. */
  readonly flags: readonly string[];
  readonly log: string;
  readonly home: string;
  readonly uid: number;
  /** The name of the user. */
  readonly user: string;
  readonly env: Environment;
}

/** A program and its arguments. */
export type ManagerCommand = readonly [program: string, ...args: string[]];

export interface ServiceState {
  readonly isActive: boolean;
  /** Whether it starts by itself. */
  readonly isEnabled: boolean;
}

export interface ServiceManager extends Pick<ServiceFacts, "command"> {
  /** What it calls a service: `systemd user unit`. */
  readonly title: string;
  /** When the service starts by itself. */
  readonly starts: string;
  readonly path: string;
  readonly file: string | Uint8Array;
  /** Run after the file is written. The last one starts the service, or starts it anew. */
  readonly install: readonly ManagerCommand[];
  /** Run before the file is removed; one that fails is no obstacle. */
  readonly uninstall: readonly ManagerCommand[];
  /** Run after the file is removed. */
  readonly forget: readonly ManagerCommand[];
  /** How the file names the data directory: two services must not have one name. */
  readonly dataDirWord: string;
  /** Whether what the service runs is no process of the manager, which then neither ends it nor knows that it has ended. */
  readonly isDetached?: true;
  /** How long after its start the manager may still tell that the service does not run. Default 0. */
  readonly startsWithinMs?: number;
  readonly query: ManagerCommand;
  /** @param answer what `query` printed; undefined if it failed, as for a service that is not known */
  readState(answer: string | undefined): ServiceState;
}

/** @throws CliaiError `failed` on another system; `usage` if a path or flag has a character that no such file can hold */
export function serviceManagerOf(platform: string, facts: ServiceFacts): ServiceManager {
  const words = [...facts.self, facts.dataDir, facts.log, facts.home, facts.env.PATH ?? "", ...facts.flags];
  const bad = words.find((word) => /\p{Cc}/u.test(word));
  if (bad !== undefined) {
    throw new CliaiError(
      "usage",
      `${JSON.stringify(bad)} has a control character, which no service can have`,
    );
  }
  switch (platform) {
    case "linux":
      return systemd(facts);
    case "darwin":
      return launchd(facts);
    case "win32":
      return taskScheduler(facts);
    default:
      throw new CliaiError("failed", `cliai knows no manager of services on ${platform}`, {
        hint: `start it in the background: cliai ${facts.command} --detach`,
      });
  }
}

function systemd(facts: ServiceFacts): ServiceManager {
  const { name, description, home, env, log } = facts;
  const unit = `${name}.service`;
  const control = (...args: string[]): ManagerCommand => ["systemctl", "--user", ...args];
  const [program, ...words] = programWords(facts);
  // Variables are not read in the program's own path.
  const command = [quoted(program.replaceAll("%", "%%")), ...words.map(systemdWord)].join(" ");
  const filled = {
    ...{ name, description, command },
    path: quoted(`PATH=${env.PATH ?? ""}`.replaceAll("%", "%%")),
    log: log.replaceAll("%", "%%"),
  };
  return {
    command: facts.command,
    title: "systemd user unit",
    starts: "at each login",
    path: join(env.XDG_CONFIG_HOME || join(home, ".config"), "systemd", "user", unit),
    file: fill(systemdTemplate, filled),
    install: [control("daemon-reload"), control("enable", unit), control("restart", unit)],
    uninstall: [control("disable", "--now", unit)],
    forget: [control("daemon-reload")],
    dataDirWord: systemdWord(dataDirFlag(facts)),
    query: control("show", unit, "--property=ActiveState,UnitFileState"),
    readState: (answer = "") => ({
      isActive: /^ActiveState=(active|activating|reloading)$/m.test(answer),
      isEnabled: /^UnitFileState=enabled$/m.test(answer),
    }),
  };
}

/** A word of ExecStart (systemd.service(5), "Command lines"): quoted, with specifiers and variables taken literally. */
function systemdWord(word: string): string {
  return quoted(word.replaceAll("%", "%%").replaceAll("$", "$$$$"));
}

function quoted(word: string): string {
  return `"${word.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function launchd(facts: ServiceFacts): ServiceManager {
  const { name, home, uid, env, log } = facts;
  const path = join(home, "Library", "LaunchAgents", `${name}.plist`);
  const domain = `gui/${uid}`;
  const strings = programWords(facts).map((word) => `    <string>${xmlText(word)}</string>`);
  const filled = { name, command: strings.join("\n"), path: xmlText(env.PATH ?? ""), log: xmlText(log) };
  return {
    command: facts.command,
    title: "launchd agent",
    starts: "at each login",
    path,
    file: fill(launchdTemplate, filled),
    install: [
      ["launchctl", "enable", `${domain}/${name}`],
      ["launchctl", "bootstrap", domain, path],
    ],
    uninstall: [["launchctl", "bootout", `${domain}/${name}`]],
    forget: [],
    dataDirWord: `<string>${xmlText(dataDirFlag(facts))}</string>`,
    startsWithinMs: 5_000,
    query: ["launchctl", "print", `${domain}/${name}`],
    readState: (answer) => ({
      isActive: answer !== undefined && /^\s*state = running$/m.test(answer),
      isEnabled: answer !== undefined,
    }),
  };
}

/** The task starts it in the background, because a task has no place for a log. */
function taskScheduler(facts: ServiceFacts): ServiceManager {
  const { name, description, dataDir, user } = facts;
  const [program, ...args] = programWords(facts, "--detach");
  const path = join(dataDir, "service", `${name}.xml`);
  const text = fill(windowsTemplate, {
    user: xmlText(user),
    description: xmlText(description),
    program: xmlText(program),
    arguments: xmlText(args.map(windowsWord).join(" ")),
  });
  return {
    command: facts.command,
    title: "scheduled task",
    starts: "at each login",
    path,
    file: Buffer.from(`\uFEFF${text}`, "utf16le"),
    install: [
      ["schtasks", "/Create", "/F", "/TN", name, "/XML", path],
      ["schtasks", "/Run", "/TN", name],
    ],
    uninstall: [["schtasks", "/Delete", "/F", "/TN", name]],
    forget: [],
    dataDirWord: xmlText(windowsWord(dataDirFlag(facts))),
    isDetached: true,
    query: ["schtasks", "/Query", "/TN", name, "/FO", "LIST"],
    // The task itself ends at once; whether what it has started runs is known by the data directory.
    readState: (answer) => ({ isActive: answer !== undefined, isEnabled: answer !== undefined }),
  };
}

function programWords(facts: ServiceFacts, ...more: readonly string[]): [program: string, ...args: string[]] {
  const { self, command, flags } = facts;
  const own = command === "serve" ? ["--json"] : [];
  return [...self, command, dataDirFlag(facts), ...own, ...more, ...flags];
}

function dataDirFlag({ dataDir }: ServiceFacts): string {
  return `--data-dir=${dataDir}`;
}

function windowsWord(word: string): string {
  if (/^[^\s"]+$/.test(word)) return word;
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function xmlText(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => entities[character] ?? "");
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template asks for "${name}"`);
    return value;
  });
}
