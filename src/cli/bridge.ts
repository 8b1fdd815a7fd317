// `cliai bridge`: reads flags and environment, runs one agent's bridge, and ends it on a signal. It prints nothing to stdout,
// because stdout is the MCP transport.
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { readMcpServerFacts } from "../agents/mcp-server-facts.ts";
import { startBridge } from "../bridge/bridge.ts";
import type { HostAddress } from "../bridge/host-link.ts";
import { buildInfo } from "../build-info.ts";
import { agentCredsPath } from "../data-dir/agent-folders.ts";
import { readServeFile } from "../data-dir/serve-file.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { type AgentId, parseAgentId } from "../domain/wire/agent-id.ts";
import { readRole } from "../domain/wire/roles.ts";
import { giveBackStartMemory } from "../runtime.ts";
import { dataDirArgs, dataDirFor, defaultNatsUrl } from "./fleet/client.ts";
import { type Arguments, defineCliCommand } from "./frame/command.ts";
import type { CliContext } from "./frame/context.ts";
import { readHeartbeatInterval } from "./spawn/heartbeat-interval.ts";

const bridgeArgs = {
  "agent-id": { type: "string", valueHint: "ID", description: "id of the agent (default: AGENT_ID)" },
  url: {
    type: "string",
    valueHint: "URL",
    description: "connect to this NATS server (default: NATS_URL, else the one in serve.json)",
  },
  creds: {
    type: "string",
    valueHint: "FILE",
    description:
      "log in with this credentials file (default: NATS_CREDS, else the agent's own if no URL is given)",
  },
  heartbeat: {
    type: "string",
    valueHint: "SECONDS",
    description: "send a heartbeat at this interval (default: CLIAI_HEARTBEAT, else 15)",
  },
  ...dataDirArgs,
} as const;

type BridgeArgs = Arguments<typeof bridgeArgs>;

export const bridgeCommand = defineCliCommand({
  name: "bridge",
  description: "run the MCP server of one agent on stdio; the agent's CLI starts it",
  args: bridgeArgs,
  async run(args, context) {
    const { env, stdin, stdout, log, now } = context;
    const id = readAgentId(args, context);
    const told = readMcpServerFacts(env);
    const bridge = startBridge({
      agentId: id,
      ...(await findOwnNats(id, args, context)),
      heartbeatIntervalS: readHeartbeatInterval(env, args.heartbeat),
      facts: {
        config_name: env.CLIAI_CONFIG_NAME || "unknown",
        project_path: env.CLIAI_PROJECT_PATH || told.projectPath || context.cwd,
        host: hostname(),
        pid: process.pid,
        session_id: told.sessionId,
        role: readRole(env.CLIAI_ROLE),
      },
      host: readHost(context),
      messaging: told.messaging,
      version: buildInfo.version,
      createId: () => crypto.randomUUID(),
      ...{ stdin, stdout, log, now },
    });
    const end = () => void bridge.shutdown("signal");
    process.on("SIGINT", end).on("SIGTERM", end).on("SIGHUP", end);
    giveBackStartMemory();
    await bridge.ended;
    return 0;
  },
});

function readAgentId(args: BridgeArgs, { env }: CliContext): AgentId {
  const text = args["agent-id"] ?? env.AGENT_ID;
  if (text !== undefined) return parseAgentId(text);
  throw new CliaiError("usage", "bridge needs the agent's id", {
    hint: "give it as a flag, cliai bridge --agent-id ID, or in the variable AGENT_ID",
  });
}

/**
 * Finds the NATS server and the agent's credentials. Before the first serve there is no serve.json: then the bridge waits at the
 * default address. It never makes credentials, because otherwise an agent whose credentials were revoked could renew them.
 */
async function findOwnNats(
  id: AgentId,
  args: BridgeArgs,
  context: CliContext,
): Promise<{ url: string; credsPath: string | undefined }> {
  const url = args.url || context.env.NATS_URL || undefined;
  const named = args.creds || context.env.NATS_CREDS || undefined;
  if (url !== undefined) return { url, credsPath: named };
  const dataDir = dataDirFor(args, context);
  const server = await readServeFile(dataDir);
  const credsPath = named ?? (server?.insecure === true ? undefined : await findOwnCreds(dataDir, id));
  return { url: server?.nats_url ?? defaultNatsUrl, credsPath };
}

async function findOwnCreds(dataDir: string, id: AgentId): Promise<string | undefined> {
  const own = agentCredsPath(dataDir, id);
  if (existsSync(own)) return own;
  if ((await readServeFile(dataDir))?.nats_creds === undefined) return undefined;
  throw new CliaiError("config_invalid", `the agent "${id}" has no credentials: ${own} does not exist`, {
    hint: `make some: cliai agents add ${id}`,
  });
}

/** Where the host of this agent's session listens. `cliai spawn` writes it into the agent's MCP configuration. */
function readHost({ env }: CliContext): HostAddress | undefined {
  const { CLIAI_SESSION_URL: url, CLIAI_SESSION_TOKEN: token, CLIAI_INSTANCE_ID: instanceId } = env;
  return url && token && instanceId ? { url, token, instanceId } : undefined;
}
