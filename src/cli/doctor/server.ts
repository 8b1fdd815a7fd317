// Checks the serve of a data directory: whether it runs, is ready, has this program's version, and can be reached by others.

import { connect, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { buildInfo } from "../../build-info.ts";
import { askHealth, type Health } from "../../data-dir/ask-serve.ts";
import { readServeFile, type ServeFile, serveFilePath } from "../../data-dir/serve-file.ts";
import { isServed } from "../../data-dir/serve-lock.ts";
import { type Check, finding, well } from "../../domain/system/check.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import { isLoopback } from "../../domain/wire/own-address.ts";
import { olderServe, restartCommand } from "../background/newer-build.ts";

const connectWithinMs = 500;

/** The serve that runs, if any, and what was found about it. */
export async function checkServe(
  dataDir: string,
): Promise<{ server: ServeFile | undefined; checks: Check[] }> {
  let server: ServeFile | undefined;
  try {
    server = await readServeFile(dataDir);
  } catch (error) {
    return {
      server: undefined,
      checks: [finding("serve", messageOf(error), `rm ${serveFilePath(dataDir)}`)],
    };
  }
  if (server === undefined) {
    return { server, checks: [finding("serve", `no server runs on ${dataDir}`, "cliai serve")] };
  }
  if (!(await isServed(dataDir))) {
    const message = `the server that ${serveFilePath(dataDir)} names is gone`;
    return { server: undefined, checks: [finding("serve", message, "cliai serve")] };
  }
  const health = await askHealth(server.url);
  const checks = health === undefined ? [silence(server)] : [checkVersion(server), ...checkHealth(health)];
  return { server, checks: [...checks, ...(await checkExposure(server))] };
}

/** The serve holds the lock of its directory, so it runs, although it does not answer. */
function silence({ url, pid }: ServeFile): Check {
  const message = `a server runs (pid ${pid}), but does not answer at ${url} from here`;
  const remedy = `if it runs in a container or another network, ask it from there: curl ${url}/readyz`;
  return finding("serve", message, remedy);
}

function checkHealth({ reason, damage, nats }: Health): Check[] {
  const checks: Check[] = [];
  // If NATS is lost, checkNats reports it.
  if (reason !== undefined && nats.connected) {
    checks.push(
      finding("ready", reason, "free space where it is full, or start the server again: cliai serve"),
    );
  }
  if (damage !== undefined) {
    const remedy = "send the commands that ended as failed again, then: cliai doctor --close-damage";
    checks.push(finding("damage", damage, remedy));
  }
  return checks;
}

function checkVersion(server: ServeFile): Check {
  const { url, version, pid } = server;
  const older = olderServe(server);
  if (older !== undefined) return finding("serve", older, restartCommand);
  const running = `version ${version} runs at ${url} (pid ${pid})`;
  if (version === buildInfo.version) return well("serve", running);
  const message = `${running}, this program is ${buildInfo.version}`;
  return finding("serve", message, "run the newer cliai, which started it");
}

/** Tries to connect at each address of this machine. That shows what others can reach, whatever the settings say. */
async function checkExposure({ url, nats_url, insecure }: ServeFile): Promise<Check[]> {
  const own = nats_url.split(",").map((each) => URL.parse(each.trim()));
  const ports = [URL.parse(url), ...own.filter((each) => each !== null && isLoopback(each.hostname))].flatMap(
    (each) =>
      each === null ? [] : [{ what: each.protocol.startsWith("http") ? "the dashboard" : "NATS", url: each }],
  );
  const checks: Check[] = [];
  for (const { what, url: at } of ports) {
    const open = await Promise.all(outerAddresses().map((address) => answers(address, Number(at.port))));
    const [exposed] = outerAddresses().filter((_, index) => open[index]);
    const where = redact(at.origin === "null" ? at.href : at.origin);
    if (exposed === undefined)
      checks.push(well("exposure", `${what} listens at ${where}, where only this machine can reach it`));
    else if (at.protocol === "https:" || at.protocol === "tls:")
      checks.push(well("exposure", `${what} can be reached at ${exposed}, over TLS`));
    else {
      const message = `${what} can be reached by others, at ${exposed} port ${at.port}, without TLS`;
      checks.push(
        finding("exposure", message, "start serve again without --host, or with --tls-cert and --tls-key"),
      );
    }
  }
  if (insecure === true) {
    checks.push(
      finding(
        "exposure",
        "serve runs with --insecure: every program on this machine can command agents",
        "start serve again without --insecure",
      ),
    );
  }
  return checks;
}

function outerAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !(isIPv6(address) && address.startsWith("fe80")))
    .map(({ address }) => address);
}

async function answers(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectWithinMs });
    const finish = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.on("connect", () => finish(true));
    socket.on("timeout", () => finish(false));
    socket.on("error", () => finish(false));
  });
}
