// What `cliai status` tells on a machine that has joined a fleet: there is no server, but a node.
import { isKernelLocked } from "../../data-dir/kernel-lock.ts";
import { redact } from "../../domain/text/redact.ts";
import { type NodeFile, nodeHeldPath, nodeLogPath, readNodeFile } from "../node/node-file.ts";
import { readNodeRun } from "../node/node-run.ts";

export interface NodeStatus {
  readonly node: NodeFile;
  readonly log: string;
  /** Of the process; undefined if it does not run. */
  readonly pid: number | undefined;
  /** Whether it has been connected since its start. */
  readonly connected: boolean;
}

/** Undefined if this machine has not joined with the directory. @throws CliaiError `config_invalid` for a damaged node.json */
export async function readNodeStatus(dataDir: string): Promise<NodeStatus | undefined> {
  const node = await readNodeFile(dataDir);
  if (node === undefined) return undefined;
  const run = isKernelLocked(nodeHeldPath(dataDir)) ? await readNodeRun(dataDir) : undefined;
  return {
    ...{ node, log: nodeLogPath(dataDir), pid: run?.pid },
    connected: run !== undefined && run.connected !== false,
  };
}

export function nodeLine({ node, pid, connected, log }: NodeStatus): string {
  const which = `the node ${node.name} of ${redact(node.url)}`;
  if (pid === undefined)
    return `this machine is ${which}, and is away: its node does not run; start it: cliai node --detach`;
  const what = connected ? "runs" : `is not connected yet, and tries again and again (its log: ${log})`;
  return `this machine is ${which}, which ${what} (pid ${pid})`;
}

/** 0 if it runs, 1 if it is not connected yet, 3 if it does not run: as of a server. */
export function nodeExitCode({ pid, connected }: NodeStatus): number {
  if (pid === undefined) return 3;
  return connected ? 0 : 1;
}

export function nodeJson({ node, pid, connected, log }: NodeStatus): object {
  const { name, url } = node;
  return { running: false, ready: false, log, node: { name, url: redact(url), pid, connected } };
}
