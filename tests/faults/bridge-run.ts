// One run of an agent's bridge with the real MCP client on it: a process as an agent's CLI starts it, or the same bridge
// in this process, with a NATS connection of its own, where twenty processes would be too many.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { Client } from "@modelcontextprotocol/client";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { startBridge } from "../../src/bridge/bridge.ts";
import type { AgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import { cliaiCommand } from "../support/cliai.ts";
import { testNatsServer } from "../support/nats.ts";

const heartbeatIntervalS = 1;

export interface BridgeRun {
  readonly client: Client;
  hasEnded(): boolean;
  /** Only for a run that is a process. */
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export type StartRun = (id: AgentId, url: string) => Promise<BridgeRun>;

/** The built executable's `bridge`. */
export const startProcessRun: StartRun = (id, url) => startProcess(id, url, {});
export const startCaptainRun: StartRun = (id, url) => startProcess(id, url, { CLIAI_ROLE: "captain" });

async function startProcess(id: AgentId, url: string, env: Record<string, string>): Promise<BridgeRun> {
  const [command, ...first] = cliaiCommand();
  const args = [
    ...first,
    "bridge",
    "--agent-id",
    id,
    "--url",
    url,
    "--heartbeat",
    String(heartbeatIntervalS),
  ];
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "ignore"],
    env: { PATH: process.env.PATH, HOME: "/nonexistent", CLIAI_NATS_SERVER: await testNatsServer(), ...env },
  });
  const exited = once(child, "exit");
  child.stdin.on("error", () => {}); // EPIPE after a kill: its end is seen by its exit
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    if (hasEnded()) return;
    child.kill("SIGCONT");
    child.kill("SIGKILL");
    await exited;
  };
  const client = createClient();
  try {
    await client.connect(new StdioServerTransport(child.stdout, child.stdin));
  } catch (error) {
    await stop();
    throw error;
  }
  // The client does not see the end of a process by itself: its open calls fail then, as they do in an agent's CLI.
  void exited.then(() => client.close());
  return { client, hasEnded, signal: (signal) => void child.kill(signal), stop };
}

/** The bridge's source, in this process. */
export const startLocalRun: StartRun = async (agentId, url) => {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const bridge = startBridge({
    agentId,
    url,
    heartbeatIntervalS,
    stdin,
    stdout,
    facts: { config_name: "fault", project_path: "/fault", host: "here", pid: process.pid },
    version: "0.0.0-test",
    log: silentLogger,
    now: () => new Date(),
    createId: () => crypto.randomUUID(),
  });
  let isOver = false;
  void bridge.ended.then(() => {
    isOver = true;
  });
  const client = createClient();
  await client.connect(new StdioServerTransport(stdout, stdin));
  return {
    client,
    hasEnded: () => isOver,
    signal: (signal) => {
      throw new Error(`${agentId} is no process and takes no ${signal}`);
    },
    async stop() {
      await bridge.shutdown("signal");
      await client.close();
    },
  };
};

function createClient(): Client {
  return new Client({ name: "fault-cli", version: "1.0.0" });
}
