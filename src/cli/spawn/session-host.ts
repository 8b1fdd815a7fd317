// What `cliai spawn` runs around the CLI that it launches: the session's host (src/host), its listener on
// loopback, and the files that lead the CLI and its MCP server there.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import process from "node:process";
import type { RunEnd } from "../../agent-link/goodbye.ts";
import { listenerPaths } from "../../agent-link/host-protocol.ts";
import type { AgentCli, HeadlessSession, UserSettings } from "../../agents/agent-cli.ts";
import { noProxyWithLoopback } from "../../agents/direct-loopback.ts";
import { type LaunchedAgent, programOf } from "../../agents/launch.ts";
import type { AgentOnTerminal } from "../../agents/own-terminal.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Role } from "../../domain/wire/roles.ts";
import type { StopApproval } from "../../host/approvals.ts";
import { startHost } from "../../host/host.ts";
import { createListener } from "../../host/listener.ts";
import { type RouteName, routeNames } from "../../host/routes/routes.ts";
import {
  type Environment,
  type HttpHandler,
  type HttpServer,
  selfCommand,
  serveHttp,
} from "../../runtime.ts";
import type { CliContext } from "../frame/context.ts";
import { readCliVersion } from "./cli-version.ts";
import { readHeartbeatInterval } from "./heartbeat-interval.ts";

/** How long a hook may be held. The CLI waits a minute longer, so that the answer always comes from the host. */
const holdS = 3_600;
const cliWaitsLongerS = 60;
/** A hook carries a tool's result. The listener cuts its long strings while it arrives. */
const mostHookBytes = 1_024 ** 3;

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
    readonly no_proxy: string;
  };
  /** Why no hook of ours holds this agent, or why none is called by HTTP, for a person to read. */
  readonly warnings: readonly string[];
  /** The CLI's settings for this agent; undefined where it has none. */
  settings(mcpConfigPath: string): unknown;
  attach(agent: LaunchedAgent | AgentOnTerminal): void;
  end(end: RunEnd): Promise<void>;
}

export async function startSessionHost(options: HostOptions, context: CliContext): Promise<SessionHost> {
  const { id, cli, headlessTask } = options;
  const { log, now } = context;
  const longestHoldS = Math.max(holdS, options.stopApproval?.waitS ?? 0);
  const cliHoldS = longestHoldS + cliWaitsLongerS;
  const token = randomBytes(32).toString("base64url");
  const instanceId = crypto.randomUUID();
  const isHeadless = headlessTask !== undefined;
  const userSettings = await readUserSettings(options, context);
  const host = startHost({
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
    routes: readRoutes(context.env),
    hasStream: isHeadless,
    unheld: isHeadless ? undefined : userSettings.hooksOff,
    stopApproval: options.stopApproval,
    permissions: options.permissions,
    holdMs: holdS * 1_000,
    createId: () => crypto.randomUUID(),
    ...{ now, log },
  });
  const fetch = createListener({
    ...{ token, instanceId },
    onHook: host.hook,
    onTelemetry: host.telemetry,
    onBridge: host.bridgeNews,
    onBridgeLink: host.bridgeLink,
    log,
  });
  const [version, http] = await Promise.all([
    readCliVersion(programOf(cli, context.env), context.env),
    listen(fetch),
  ]);
  const url = `http://127.0.0.1:${http.port}`;
  const openStream = ({ pipes }: LaunchedAgent): HeadlessSession | undefined =>
    pipes &&
    cli.headless?.open({
      ...pipes,
      hooks: { version, holdS: cliHoldS },
      onHook: (payload, signal) =>
        host.hook(payload, signal).catch((error: unknown) => {
          log.warn(`a hook of the session's stream: ${messageOf(error)}`);
          return {};
        }),
      onToolResult: host.observe,
      onEvent: host.report,
      onSign: host.takeSign,
      onResult: host.turnResult,
    });
  return {
    bridgeEnv: {
      ...{ session_url: url, session_token: token, instance_id: instanceId },
      no_proxy: userSettings.noProxy,
    },
    warnings: warningsOf(userSettings, isHeadless),
    settings(mcpConfigPath) {
      const { command, args } = selfCommand();
      return cli.buildSettings?.({
        ...{ telemetryUrl: url, env: context.env },
        ...{ token, version, url: url + listenerPaths.hook, holdS: cliHoldS },
        asksPermissions: options.permissions === "inbox",
        ...{ isHeadless, userSettings, holdsEnds: options.stopApproval !== undefined },
        command: { command, args: [...args, "hook", "--mcp-config", mcpConfigPath] },
      });
    },
    attach(agent) {
      host.attach(agent);
      if ("type" in agent) host.open({ terminal: agent });
      const stream = headlessTask && openStream(agent);
      stream?.whenHooked.then(
        () => {
          host.open({ stream });
          if (headlessTask?.task === undefined) return;
          stream.say(headlessTask.task).catch((error: unknown) => log.warn(`its task: ${messageOf(error)}`));
        },
        (error: unknown) => {
          log.error(`${messageOf(error)}; it is ended, for nothing could hold it`);
          void agent.end();
        },
      );
    },
    async end(end) {
      await host.end(end);
      await http.stop();
    },
  };
}

async function readUserSettings(
  { cli, projectPath: cwd }: HostOptions,
  { env }: CliContext,
): Promise<UserSettings> {
  const { platform } = process;
  const noProxy = noProxyWithLoopback([env.no_proxy, env.NO_PROXY]);
  return (await cli.readUserSettings?.({ cwd, env, platform })) ?? { noProxy };
}

function warningsOf({ hooksOff, httpHooksOff }: UserSettings, isHeadless: boolean): string[] {
  if (hooksOff !== undefined) {
    const left = isHeadless
      ? "a pause holds by the session's stream alone"
      : "nothing can hold this agent, and a pause stays delivered";
    return [`no hook of cliai's is called, for ${hooksOff}: ${left}`];
  }
  if (httpHooksOff === undefined) return [];
  return [
    `hooks are commands instead of HTTP requests, for ${httpHooksOff}: each tool call takes a process more`,
  ];
}

async function listen(fetch: HttpHandler): Promise<HttpServer> {
  return await serveHttp({
    ...{ host: "127.0.0.1", port: 0, fetch, maxBodyBytes: mostHookBytes },
    // A held hook arrives at once and is answered late, so there is no deadline for the request.
    requestWithinS: 0,
  });
}

/** The routes that may be used, separated by commas, for trying out one of them. */
function readRoutes({ CLIAI_ROUTES: text }: Environment): RouteName[] | undefined {
  if (!text) return undefined;
  return text.split(",").map((name) => {
    const found = routeNames.find((each) => each === name.trim());
    if (found !== undefined) return found;
    throw new CliaiError("config_invalid", `CLIAI_ROUTES "${name}" is not one of ${routeNames.join(", ")}`, {
      hint: "leave it unset for all of them",
    });
  });
}
