// Checks the programs that cliai starts: nats-server, and the agent CLIs.
import process from "node:process";
import { defaultAgentCli } from "../../agents/agent-clis.ts";
import { buildInfo } from "../../build-info.ts";
import type { ServeFile } from "../../data-dir/serve-file.ts";
import { abilitySummary, type ModeAbilities, releaseText } from "../../domain/abilities.ts";
import { type Check, finding, well } from "../../domain/system/check.ts";
import { messageOf } from "../../domain/text/errors.ts";
import {
  findOnPath,
  isAtLeast,
  oldestServerVersion,
  readServerVersion,
} from "../../nats/child/server-version.ts";
import type { Environment } from "../../runtime.ts";
import { restartCommand } from "../background/newer-build.ts";
import { type FoundCli, findClis, isDescribed } from "../found-clis.ts";

/** Checks the nats-server that `serve` would start: the one inside this program, else the one on PATH. */
export async function checkNatsServer(searchPath: string): Promise<Check> {
  const inside = buildInfo.embeddedServer?.version;
  if (inside !== undefined) return well("nats-server", `nats-server ${inside} is inside this program`);
  const path = await findOnPath(process.platform === "win32" ? "nats-server.exe" : "nats-server", searchPath);
  if (path === undefined) {
    return finding(
      "nats-server",
      "no nats-server is inside this program or on PATH",
      "cliai serve --nats-server PATH",
    );
  }
  try {
    const version = await readServerVersion(path);
    if (isAtLeast(version, oldestServerVersion)) return well("nats-server", `${path} is ${version}`);
    return finding(
      "nats-server",
      `${path} is ${version}, older than ${oldestServerVersion}`,
      "install a newer one",
    );
  } catch (error) {
    return finding(
      "nats-server",
      `${path} does not run: ${messageOf(error)}`,
      `see what it says: ${path} --version`,
    );
  }
}

/**
 * Checks that each agent CLI on PATH runs, and is not older than the release that cliai was tried with. If none is on PATH, that is one
 * problem, because then only this program's own loop can be launched. If one is, it is no problem that the others are missing.
 */
export function checkAgentClis(found: readonly FoundCli[]): Check[] {
  const isOneThere = found.some(({ cli, path }) => path !== undefined && cli.isOwn !== true);
  return found.flatMap((each) => {
    const { cli, path, version, problem } = each;
    const { name, program, install, triedVersion } = cli;
    if (isDescribed(cli)) return checkDescribed(each);
    if (path === undefined) {
      const missing = `${program} is not on PATH, so spawn cannot launch it`;
      if (isOneThere) return [well(name, `${missing} (${install})`)];
      return name === defaultAgentCli ? [finding(name, missing, install)] : [];
    }
    if (version === undefined) {
      return [finding(name, `${path}: ${problem}`, `see what it says: ${path} --version`)];
    }
    if (!isAtLeast(version, triedVersion)) {
      return [finding(name, `${path} is ${version}; cliai was tried with ${triedVersion}`, install)];
    }
    return [well(name, `${path} is ${releaseText(cli, version)}; ${modesText(cli.abilities)}`)];
  });
}

/** Checks a CLI that only a profile describes. If it is not on PATH, checkProfiles() says which profile needs it. */
function checkDescribed({ cli: { name, ...cli }, path, version, problem }: FoundCli): Check[] {
  if (path === undefined) return [];
  if (problem !== undefined) return [finding(name, `${path}: ${problem}`, `see what it says: ${path}`)];
  const release = version === undefined ? "prints no version" : `is ${releaseText(cli, version)}`;
  return [well(name, `${path} ${release}; ${modesText(cli.abilities)}`)];
}

/**
 * Checks that serve finds the agent CLIs that this shell has. Serve launches agents for `--detach`, `resume`, the page and captains, and
 * looks for their CLIs in the PATH that it was started with.
 */
export async function checkServePath(
  found: readonly FoundCli[],
  { search_path, pid }: Pick<ServeFile, "search_path" | "pid">,
  env: Environment,
): Promise<Check[]> {
  if (search_path === undefined || search_path === env.PATH) return [];
  const here = found.filter(({ path }) => path !== undefined);
  const there = await findClis(
    here.map(({ cli }) => cli),
    { ...env, PATH: search_path },
  );
  return there.flatMap(({ cli, path, version }, at) => {
    const own = here[at];
    if (path === own?.path) return [];
    const server = `the server (pid ${pid}), which launches the agents without a terminal`;
    if (path !== undefined) return [well(cli.name, `${server}, finds ${path} (${version ?? "no version"})`)];
    return [finding(cli.name, `${own?.path} is not on the PATH of ${server}`, restartCommand)];
  });
}

function modesText(abilities: ModeAbilities): string {
  return Object.entries(abilities)
    .map(([mode, each]) => `${mode}: ${abilitySummary(each)}`)
    .join("; ");
}
