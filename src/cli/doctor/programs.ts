// Checks the programs that cliai starts: nats-server, and the agent CLIs.
import { execFile } from "node:child_process";
import { isAbsolute } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { agentClis } from "../../agents/agent-clis.ts";
import { programOf } from "../../agents/launch.ts";
import { buildInfo } from "../../build-info.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { childEnvironment } from "../../nats/child/child-environment.ts";
import {
  findOnPath,
  isAtLeast,
  oldestServerVersion,
  readServerVersion,
} from "../../nats/child/server-version.ts";
import { type Check, finding, well } from "./check.ts";

const versionWithinMs = 10_000;
const run = promisify(execFile);

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

/** Checks that each agent CLI is on PATH, runs, and is not older than the release that cliai was tried with. */
export async function checkAgentClis(searchPath: string): Promise<Check[]> {
  return await Promise.all(
    agentClis.map(async (cli) => {
      const { name, program, install, triedVersion } = cli;
      const found = programOf(cli, { PATH: searchPath });
      const path = isAbsolute(found) ? found : await findOnPath(found, searchPath);
      if (path === undefined)
        return finding(name, `${program} is not on PATH, so spawn cannot launch it`, install);
      try {
        const env = childEnvironment(process.env);
        const { stdout } = await run(path, ["--version"], {
          timeout: versionWithinMs,
          windowsHide: true,
          env,
        });
        const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0];
        if (version === undefined) return finding(name, `${path} --version prints no version`, install);
        if (isAtLeast(version, triedVersion))
          return well(name, `${path} is ${version} (tried with ${triedVersion})`);
        return finding(name, `${path} is ${version}; cliai was tried with ${triedVersion}`, install);
      } catch (error) {
        const why = messageOf(error).split("\n")[0];
        return finding(name, `${path} does not run: ${why}`, `see what it says: ${path} --version`);
      }
    }),
  );
}
