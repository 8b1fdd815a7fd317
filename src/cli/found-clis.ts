// Finds the agent CLIs on PATH, and asks each for its version.
import { execFile } from "node:child_process";
import { isAbsolute } from "node:path";
import { promisify } from "node:util";
import type { AgentCli } from "../agents/agent-cli.ts";
import { programOf } from "../agents/launch.ts";
import { messageOf } from "../domain/text/errors.ts";
import { childEnvironment } from "../nats/child/child-environment.ts";
import { findOnPath } from "../nats/child/server-version.ts";
import type { Environment } from "../runtime.ts";
import type { ListedCli } from "../web/api/reports/clis-report.ts";

const versionWithinMs = 15_000;
const run = promisify(execFile);

export interface FoundCli {
  readonly cli: AgentCli;
  /** The program's path; undefined if it is not on PATH. */
  readonly path?: string;
  /** Undefined if the program did not print it. A CLI that only a profile describes need not print it. */
  readonly version?: string;
  /** Why the version is not known, though the program is on PATH. */
  readonly problem?: string;
}

/** Whether only a profile describes the CLI, so that cliai was tried with no release of it. */
export function isDescribed({ triedVersion }: Pick<AgentCli, "triedVersion">): boolean {
  return triedVersion === "";
}

/** The CLI as `cliai clis --json` and `GET /api/clis` show it. */
export function listedCli({ cli, path, version, problem }: FoundCli): ListedCli {
  const { name, triedVersion, install, abilities } = cli;
  return {
    ...{ name, path: path ?? null, version: version ?? null },
    tried_version: isDescribed(cli) ? null : triedVersion,
    is_tried: version === undefined ? null : version === triedVersion,
    ...(problem === undefined ? {} : { problem }),
    ...{ install, abilities },
  };
}

/**
 * In the order of `clis`. The programs get no more of `env` than they need to start.
 * @param withinMs how long each program may take to print its version; it is killed after that. Default 15,000
 */
export async function findClis(
  clis: readonly AgentCli[],
  env: Environment,
  withinMs = versionWithinMs,
): Promise<FoundCli[]> {
  return await Promise.all(clis.map((cli) => findCli(cli, env, withinMs)));
}

/** The path of its program for a process with this PATH; undefined if it is not there. */
export async function findCliProgram(cli: AgentCli, searchPath: string): Promise<string | undefined> {
  const found = programOf(cli, { PATH: searchPath });
  return isAbsolute(found) ? found : await findOnPath(found, searchPath);
}

async function findCli(cli: AgentCli, env: Environment, withinMs: number): Promise<FoundCli> {
  const path = await findCliProgram(cli, env.PATH ?? "");
  if (path === undefined) return { cli };
  try {
    const options = {
      timeout: withinMs,
      killSignal: "SIGKILL", // a program may ignore a signal that only asks it to end
      windowsHide: true,
      env: childEnvironment(env),
    } as const;
    const running = run(path, [...(cli.programArgs ?? []), "--version"], options);
    running.child.stdin?.end(); // a program that does not know the flag may read its input
    const version = /\d+\.\d+\.\d+/.exec((await running).stdout)?.[0];
    if (version !== undefined) return { cli, path, version };
    return isDescribed(cli) ? { cli, path } : { cli, path, problem: "its --version prints no version" };
  } catch (error) {
    return { cli, path, problem: `it does not run: ${messageOf(error).split("\n")[0]}` };
  }
}
