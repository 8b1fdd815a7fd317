// `cliai node`: keeps this machine connected to the fleet that it has joined. `cliai join` starts it.
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { buildInfo } from "../../build-info.ts";
import { readAgentFolders } from "../../data-dir/agent-folders.ts";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import { type KernelLock, takeKernelLock } from "../../data-dir/kernel-lock.ts";
import { keepLogSmall } from "../../data-dir/log-file.ts";
import type { NodeHeartbeat } from "../../domain/nodes/node-messages.ts";
import { longestHeartbeatS } from "../../domain/nodes/node-view.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { nodeConnectionName, nodeInboxPrefix, nodeSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { connectBus } from "../../nats/connect-bus.ts";
import { isUnauthorized } from "../../nats/errors.ts";
import { createBackoff, firstReconnectMs } from "../../nats/reconnection.ts";
import { openOperatorDesk } from "../../server/operator-desk.ts";
import { pause } from "../../waiting.ts";
import { dataDirArgs, dataDirFor } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { type NodeLaunch, nodeLaunchDesk } from "../nodes/agent-desks.ts";
import { whenEnded } from "../process/when-ended.ts";
import { readHeartbeatInterval } from "../spawn/heartbeat-interval.ts";
import { type NodeFile, nodeCredsPath, nodeHeldPath, nodeLogPath, readNodeFile } from "./node-file.ts";
import { launchHere } from "./node-launch.ts";
import { noteNodeRun, removeNodeRun, startBackgroundNode } from "./node-run.ts";
import { startRenewals } from "./renew-agents.ts";

/** Over a network, a dead connection has to be noticed soon, and a try to connect must not hang. */
const overNetwork = { pingIntervalMs: 10_000, connectTimeoutMs: 4_000 };

export const nodeCommand = defineCliCommand({
  name: "node",
  description: "keep this machine connected to the fleet that it has joined; cliai join starts it",
  args: {
    detach: { type: "boolean", description: "start it in the background, and end when it is connected" },
    ...dataDirArgs,
  },
  async run(args, context) {
    const dataDir = dataDirFor(args, context);
    const node = await requireNode(dataDir);
    if (args.detach === true) {
      (await takeLock(dataDir, node)).release(); // whoever runs it already is told so
      const pid = await startBackgroundNode(dataDir, context);
      context.print(`the node ${node.name} runs in the background (pid ${pid}); to end it: cliai down`);
      return 0;
    }
    const lock = await takeLock(dataDir, node);
    await using parts = new AsyncDisposableStack();
    parts.defer(() => lock.release());
    parts.defer(keepLogSmall(nodeLogPath(dataDir)));
    const ended = whenEnded(context, parts);
    await Promise.race([stayConnected({ dataDir, node }, context, parts), ended]).catch((error: unknown) => {
      if (!(error instanceof CliaiError) || error.code !== "interrupted") throw error;
    });
    return 0;
  },
});

/** @throws CliaiError `config_invalid` */
async function requireNode(dataDir: string): Promise<NodeFile> {
  const node = await readNodeFile(dataDir);
  if (node !== undefined) return node;
  throw new CliaiError("config_invalid", `this machine has not joined a fleet with ${dataDir}`, {
    hint: "on the server's machine: cliai join-code; here, the line that it prints",
  });
}

/** @throws CliaiError `already_running` */
async function takeLock(dataDir: string, { name }: NodeFile): Promise<KernelLock> {
  const lock = await takeKernelLock(nodeHeldPath(dataDir));
  if (lock !== undefined) return lock;
  throw new CliaiError("already_running", `the node ${name} runs already on ${dataDir}`, {
    hint: "nothing is to be done; to end it: cliai down",
  });
}

interface Running {
  readonly dataDir: string;
  readonly node: NodeFile;
}

/** Resolves when the connection is closed for good. One that is lost or refused is tried again. */
async function stayConnected(
  { dataDir, node }: Running,
  context: CliContext,
  parts: AsyncDisposableStack,
): Promise<void> {
  const { log } = context;
  const { name, url } = node;
  // At once, because `cliai down` has to find it also while it is not connected.
  await noteNodeRun(dataDir, { connected: false });
  parts.defer(() => removeNodeRun(dataDir));
  const ending = new AbortController();
  parts.defer(() => ending.abort());
  const bus = await connectPatiently({ dataDir, node }, log, ending.signal);
  if (bus === undefined) return;
  parts.defer(() => bus.close());
  log.info(`the node ${name} is connected to ${url}`);
  await noteNodeRun(dataDir, { connected: true });
  const launch = (order: NodeLaunch) => launchHere(order, { dataDir, node, context });
  parts.defer(openOperatorDesk(bus, nodeLaunchDesk(name), launch, log));
  parts.defer(startRenewals(bus, { dataDir, name, now: context.now, log }));
  parts.defer(startHeartbeats(bus, { dataDir, node }, context));
  await bus.closed;
}

/**
 * Tries until it is connected, and logs each reason why it is not, unless it is the one before. Undefined if the signal has aborted.
 * @throws CliaiError `config_invalid` if the credentials cannot be read
 */
async function connectPatiently(
  { dataDir, node }: Running,
  log: Logger,
  signal: AbortSignal,
): Promise<Bus | undefined> {
  const { name, url } = node;
  const { next } = createBackoff(firstReconnectMs);
  let told = "";
  while (!signal.aborted) {
    try {
      const bus = await connectBus({
        ...{ url, name: nodeConnectionName(name), credsPath: nodeCredsPath(dataDir) },
        ...{ inboxPrefix: nodeInboxPrefix(name), ...overNetwork, log },
      });
      if (!signal.aborted) return bus;
      await bus.close();
    } catch (error) {
      if (error instanceof CliaiError && error.code === "config_invalid") throw error;
      const why = isUnauthorized(error)
        ? revokedWords(dataDir, node)
        : `the node ${name} is not connected, and tries again: ${messageOf(error)}`;
      if (why !== told) log.warn(why);
      told = why;
      await pause(next(), signal);
    }
  }
  return undefined;
}

function revokedWords(dataDir: string, { name }: NodeFile): string {
  return `the hub no longer takes the node ${name}: it was revoked; to join again, remove node.json in ${dataDir}, and use a new code: cliai join-code`;
}

/** The first at once, then at each interval and each time the connection is back. Returns the function that ends them. */
function startHeartbeats(bus: Bus, { dataDir, node }: Running, { env, now, log }: CliContext): () => void {
  const interval_s = Math.min(readHeartbeatInterval(env, undefined), longestHeartbeatS);
  const instance_id = crypto.randomUUID();
  const beat = async () => {
    const heartbeat: NodeHeartbeat = {
      ...{ node: node.name, instance_id, interval_s },
      ...{ host: hostname(), pid: process.pid, version: buildInfo.version, platform: process.platform },
      agents: await countAgents(dataDir),
      timestamp: now().toISOString(),
    };
    if (bus.isConnected()) bus.publish(nodeSubject(node.name, "heartbeat"), heartbeat);
  };
  let isTold = false;
  const beatSafely = () => {
    if (bus.refusal() !== undefined && !isTold) {
      isTold = true;
      log.warn(revokedWords(dataDir, node));
    }
    beat().catch((error: unknown) => log.warn(`no heartbeat: ${messageOf(error)}`));
  };
  beatSafely();
  const timer = setInterval(beatSafely, interval_s * 1_000);
  const endListening = bus.onConnection((isBack) => {
    if (isBack) beatSafely();
  });
  return () => {
    clearInterval(timer);
    endListening();
  };
}

async function countAgents(dataDir: string): Promise<number> {
  const ids = await readAgentFolders(join(dataDir, "agents"));
  return ids.filter((id) => isAgentHeld(dataDir, id)).length;
}
