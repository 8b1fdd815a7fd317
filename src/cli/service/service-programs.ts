// What a service runs: the server of a data directory, or the node, if this machine has joined a fleet with that directory.
import { askHealth } from "../../data-dir/ask-serve.ts";
import { isKernelLocked } from "../../data-dir/kernel-lock.ts";
import { serveLogPath } from "../../data-dir/log-file.ts";
import { readServeFile } from "../../data-dir/serve-file.ts";
import { isServed } from "../../data-dir/serve-lock.ts";
import { redact } from "../../domain/text/redact.ts";
import { endServer } from "../background/down.ts";
import { type NodeFile, nodeHeldPath, nodeLogPath, readNodeFile } from "../node/node-file.ts";
import { endNode, readNodeRun } from "../node/node-run.ts";

export interface ServiceProgram {
  /** The command of this program that the service runs. */
  readonly command: "serve" | "node";
  /** The usual name of the service. */
  readonly serviceName: string;
  /** For a person: `the server`. */
  readonly title: string;
  readonly description: string;
  readonly log: string;
  /** Whether it runs, by the service or otherwise. */
  isHeld(): Promise<boolean>;
  /** Which run of it the directory names, even if that is over. */
  lastRun(): Promise<string | undefined>;
  /** The run, if it is ready. */
  ready(): Promise<ReadyRun | undefined>;
  /** Its run that cannot do its work yet, but may later: to start it is then enough. */
  waiting(): Promise<ReadyRun | undefined>;
  end(): Promise<unknown>;
}

export interface ReadyRun {
  readonly run: string;
  readonly pid: number;
  readonly url: string;
  /** Where it runs, for a person: `at URL`. */
  readonly where: string;
}

/** @throws CliaiError `config_invalid` for a damaged node.json */
export async function serviceProgramOf(dataDir: string): Promise<ServiceProgram> {
  const node = await readNodeFile(dataDir);
  return node === undefined ? serveProgram(dataDir) : nodeProgram(dataDir, node);
}

function serveProgram(dataDir: string): ServiceProgram {
  const read = () => readServeFile(dataDir).catch(() => undefined);
  return {
    ...{ command: "serve", serviceName: "cliai", title: "the server", log: serveLogPath(dataDir) },
    description: "cliai: NATS, the dashboard and the HTTP API for command-line agents",
    isHeld: () => isServed(dataDir),
    lastRun: async () => (await read())?.instance,
    async ready() {
      const server = await read();
      if (server === undefined || (await askHealth(server.url)) === undefined) return undefined;
      const { instance: run, pid, url } = server;
      return { run, pid, url, where: `at ${url}` };
    },
    waiting: async () => undefined,
    end: () => endServer(dataDir),
  };
}

function nodeProgram(dataDir: string, node: NodeFile): ServiceProgram {
  const isHeld = async () => isKernelLocked(nodeHeldPath(dataDir));
  const url = redact(node.url);
  const present = async () => {
    const noted = await readNodeRun(dataDir);
    if (noted === undefined || !(await isHeld())) return undefined;
    const { pid, started, connected } = noted;
    const where = `as the node ${node.name} of ${url}${connected === false ? ", not connected yet" : ""}`;
    return { connected, run: { run: `${pid} ${started}`, pid, url, where } };
  };
  return {
    ...{ command: "node", serviceName: "cliai-node", title: "the node", log: nodeLogPath(dataDir) },
    description: "cliai: keeps this machine connected to the fleet that it has joined",
    isHeld,
    lastRun: async () => (await present())?.run.run,
    async ready() {
      const found = await present();
      return found === undefined || found.connected === false ? undefined : found.run;
    },
    waiting: async () => (await present())?.run,
    end: () => endNode(dataDir),
  };
}
