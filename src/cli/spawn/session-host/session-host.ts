// This room starts the host of an agent for `cliai spawn`, with its listener on loopback, and joins the CLI's session to it.
//
// Starts the session's host (src/host) and its listener. It also makes the settings and variables by which the CLI and its MCP server find
// the listener.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { RunEnd } from "../../../agent-link/goodbye.ts";
import { listenerPaths } from "../../../agent-link/listener-paths.ts";
import type { AgentLaunch, HookPlace } from "../../../agents/agent-launch.ts";
import { type LaunchedAgent, programOf } from "../../../agents/launch.ts";
import { addUnsent } from "../../../data-dir/run-file.ts";
import { type CliaiError, messageOf } from "../../../domain/text/errors.ts";
import { loopback } from "../../../domain/wire/own-address.ts";
import { type Host, startHost } from "../../../host/host.ts";
import { createListener } from "../../../host/listener.ts";
import { longestHoldS } from "../../../host/patient-asking.ts";
import type { ModelGate } from "../../../model-gate/open-model-gate.ts";
import {
  giveBackStartMemory,
  type HttpHandler,
  type HttpServer,
  selfCommand,
  serveHttp,
} from "../../../runtime.ts";
import type { CliContext } from "../../frame/context.ts";
import { readCliVersion } from "../cli-version.ts";
import { readUserSettings, untriedOf, warningsOf } from "./cli-facts.ts";
import { type HostOptions, holdS, sessionOptions } from "./host-options.ts";
import { joinSession, listenTo } from "./join-session.ts";

/** How much longer the CLI waits for a hook than the host may hold it, so that the host's answer comes in time. */
const cliWaitsLongerS = 60;
/** Large, because a hook carries a tool's result. The listener cuts long strings while the hook arrives. */
const mostHookBytes = 1_024 ** 3;

export interface SessionHost {
  /** The values in the agent's MCP configuration by which the bridge finds the host. */
  readonly bridgeEnv: {
    readonly session_url: string;
    readonly session_token: string;
    readonly instance_id: string;
    readonly no_proxy: string;
  };
  /** The base URL of the gate before its model server, if it has one. */
  readonly modelGate: string | undefined;
  /** Texts for a person: why our hooks cannot hold this agent, or why they are commands and not HTTP requests. */
  readonly warnings: readonly string[];
  /** The address and the settings for the CLI's hooks. */
  hookPlace(mcpConfigPath: string): HookPlace;
  /** @param launch what the agent was launched for, with the hooks of {@link hookPlace} */
  attach(agent: LaunchedAgent, launch: AgentLaunch): void;
  readonly showTerminal: Host["showTerminal"];
  /** The id of the agent's session; undefined if the CLI has not told it. */
  sessionId(): string | undefined;
  /** Why the CLI's session could not be opened; the agent was ended because of that. Undefined if it was opened, or may still be. */
  openFailure(): CliaiError | undefined;
  /** Whether the CLI was ended because it had closed its output and ran on. */
  hasClosedOutput(): boolean;
  end(end: RunEnd): Promise<void>;
}

/**
 * How long the CLI has to wait for a hook: as long as its profile allows an answer to take. On a terminal, the host may hold the hook of a
 * dialog for `holdS`, and then, if the terminal was closed, ask in the inbox.
 */
function cliHoldSOf(options: HostOptions): number {
  const { stopApproval, unanswered, permissions, isOnTerminal } = options;
  const askS = unanswered.policy === "hold" ? longestHoldS : unanswered.afterS;
  const answerS = isOnTerminal && permissions === "cli" ? holdS + askS : askS;
  return Math.max(holdS, stopApproval?.waitS ?? 0, answerS) + cliWaitsLongerS;
}

export async function startSessionHost(options: HostOptions, context: CliContext): Promise<SessionHost> {
  const { cli, env, pipedTask } = options;
  const { log, now } = context;
  const cliHoldS = cliHoldSOf(options);
  const token = randomBytes(32).toString("base64url");
  const instanceId = crypto.randomUUID();
  const isHeadless = options.mode === "headless";
  const [userSettings, version] = await Promise.all([
    readUserSettings(options),
    readCliVersion(programOf(cli, env), env, cli.programArgs),
  ]);
  const host = startHost(sessionOptions(options, { instanceId, userSettings, version }, context));
  const fetch = createListener({
    ...{ token, instanceId },
    onHook: host.hook,
    onTelemetry: host.telemetry,
    onBridge: host.bridgeNews,
    onBridgeLink: host.bridgeLink,
    log,
  });
  const http = await listen(fetch);
  const url = `http://${loopback}:${http.port}`;
  const gate = await openGate(options, host, context);
  const told = listenTo(host, options, log);
  const hookPlace = (mcpConfigPath: string): HookPlace => {
    const { command, args } = selfCommand();
    return {
      ...{ telemetryUrl: url, env },
      ...{ token, version, url: url + listenerPaths.hook, holdS: cliHoldS },
      asksPermissions: options.permissions === "inbox",
      ...{ isHeadless, userSettings, holdsEnds: options.stopApproval !== undefined },
      command: { command, args: [...args, "hook", "--mcp-config", mcpConfigPath] },
    };
  };
  let failure: CliaiError | undefined;
  const onFailure = (error: CliaiError) => {
    failure = error;
  };
  let isOutputClosed = false;
  const onClosedOutput = () => {
    isOutputClosed = true;
  };
  return {
    openFailure: () => failure,
    hasClosedOutput: () => isOutputClosed,
    bridgeEnv: {
      ...{ session_url: url, session_token: token, instance_id: instanceId },
      no_proxy: userSettings.noProxy,
    },
    warnings: [...warningsOf(userSettings, isHeadless), ...(await untriedOf(options, version, now))],
    modelGate: gate?.url,
    hookPlace,
    sessionId: told.sessionId,
    showTerminal: host.showTerminal,
    attach(agent, launch) {
      const hooks = launch.hooks ?? hookPlace(launch.mcpConfigPath);
      joinSession({
        ...{ agent, launch, hooks, host, told, cli, pipedTask, log },
        onFailure,
        onClosedOutput,
      });
      giveBackStartMemory();
    },
    async end(end) {
      // Its leases are ended over the connection that the host closes.
      await gate?.stop();
      const unsent = await host.end(end);
      await addUnsent(options.dataDir, options.id, unsent).catch((error: unknown) =>
        log.warn(`the last reports of ${options.id} are lost: ${messageOf(error)}`),
      );
      await http.stop();
    },
  };
}

async function openGate(
  { id, modelServer }: HostOptions,
  { link, modelRequest: onRequest }: Host,
  { now, log }: CliContext,
): Promise<ModelGate | undefined> {
  if (modelServer === undefined) return undefined;
  const { openModelGate } = await import("../../../model-gate/open-model-gate.ts");
  return await openModelGate({ id, modelServer, machine: hostname(), link, onRequest, now, log });
}

async function listen(fetch: HttpHandler): Promise<HttpServer> {
  return await serveHttp({
    ...{ host: loopback, port: 0, fetch, maxBodyBytes: mostHookBytes },
    // No deadline for the request, because a held hook is answered late.
    requestWithinS: 0,
  });
}
