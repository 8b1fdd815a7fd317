// What `cliai spawn` runs around the CLI that it launches: the session's host (src/bridge/session), its listener on
// loopback, and the files that lead the CLI and its MCP server there.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import process from "node:process";
import type { AgentCli, HeadlessSession } from "../agents/agent-cli.ts";
import type { RunningAgent } from "../agents/launch.ts";
import type { StopApproval } from "../bridge/session/approvals.ts";
import { createListener, listenerPaths } from "../bridge/session/listener.ts";
import { type Session, startSession } from "../bridge/session/session.ts";
import type { AgentId } from "../domain/agent-id.ts";
import { messageOf } from "../domain/errors.ts";
import type { Role } from "../domain/roles.ts";
import { maxPayloadBytes } from "../nats/bus.ts";
import { serveHttp } from "../runtime.ts";
import type { CliContext } from "./context.ts";
import { readHeartbeatInterval } from "./heartbeat-interval.ts";

/** How long a hook may be held; the CLI itself waits a minute longer, so that the answer is always ours. */
const holdS = 3_600;
const cliWaitsLongerS = 60;

export interface HostOptions {
  readonly id: AgentId;
  readonly cli: AgentCli & Required<Pick<AgentCli, "session">>;
  readonly natsUrl: string;
  readonly credsPath: string | undefined;
  readonly configName: string;
  readonly projectPath: string;
  readonly role: Role;
  readonly sessionId: string;
  readonly stopApproval: StopApproval | undefined;
  readonly permissions: "cli" | "inbox";
  /** For a session without a terminal: what it begins with. */
  readonly headlessTask: { readonly task: string | undefined } | undefined;
}

export interface SessionHost {
  /** What the agent's MCP server needs to find the host. */
  readonly bridgeEnv: {
    readonly session_url: string;
    readonly session_token: string;
    readonly instance_id: string;
  };
  /** The CLI's settings for this agent; undefined where it has none. */
  readonly settings: unknown;
  attach(agent: RunningAgent): void;
  end(how: string): Promise<void>;
}

export async function startSessionHost(options: HostOptions, context: CliContext): Promise<SessionHost> {
  const { id, cli, headlessTask } = options;
  const { log, now } = context;
  const token = randomBytes(32).toString("base64url");
  const instanceId = crypto.randomUUID();
  let headless: HeadlessSession | undefined;
  const session = startSession({
    agentId: id,
    url: options.natsUrl,
    credsPath: options.credsPath,
    instanceId,
    heartbeatIntervalS: readHeartbeatInterval(context.env),
    facts: {
      config_name: options.configName,
      project_path: options.projectPath,
      host: hostname(),
      pid: process.pid,
      session_id: options.sessionId,
      role: options.role,
    },
    cli: cli.session,
    own: headlessTask ? headlessRoutes(() => headless) : undefined,
    stopApproval: options.stopApproval,
    permissions: options.permissions,
    holdMs: holdS * 1_000,
    createId: () => crypto.randomUUID(),
    ...{ now, log },
  });
  const fetch = createListener({
    token,
    onHook: session.hook,
    onBridge: session.bridgeNews,
    onBridgeLink: session.bridgeLink,
    log,
  });
  const http = await serveHttp({
    ...{ host: "127.0.0.1", port: 0, fetch, maxBodyBytes: maxPayloadBytes },
    // A held hook is a request that comes in at once and is answered late.
    requestWithinS: 0,
  });
  const url = `http://127.0.0.1:${http.port}`;
  return {
    bridgeEnv: { session_url: url, session_token: token, instance_id: instanceId },
    settings: cli.buildSettings?.({ url: url + listenerPaths.hook, token, holdS: holdS + cliWaitsLongerS }),
    attach(agent) {
      session.attach(agent);
      if (headlessTask === undefined) return;
      headless = openHeadless(agent, cli, session);
      if (headlessTask.task === undefined) return;
      headless?.say(headlessTask.task).catch((error: unknown) => log.warn(`its task: ${messageOf(error)}`));
    },
    async end(how) {
      await session.end(how);
      await http.stop();
    },
  };
}

function headlessRoutes(current: () => HeadlessSession | undefined) {
  return {
    routes: [
      {
        name: "stream-json",
        async give(text: string) {
          await current()?.say(text);
          return current() !== undefined;
        },
      },
    ],
    interrupt: async () => (await current()?.interrupt()) ?? false,
  };
}

function openHeadless({ child }: RunningAgent, cli: AgentCli, session: Session): HeadlessSession | undefined {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) return undefined;
  return cli.headless?.open({
    ...{ stdin, stdout },
    onEvent: session.report,
    onEvidence: session.noteEvidence,
    onResult: session.turnResult,
  });
}
