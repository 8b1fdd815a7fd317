// Starts what `cliai spawn` runs around the CLI that it launches: the session's host (src/host) and the host's listener on
// loopback. It also makes the settings and variables by which the CLI and its MCP server find the listener.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import process from "node:process";
import type { RunEnd } from "../../agent-link/goodbye.ts";
import { listenerPaths } from "../../agent-link/host-protocol.ts";
import type { AgentCli } from "../../agents/agent-cli.ts";
import type { AgentLaunch, HookPlace, UserSettings } from "../../agents/agent-launch.ts";
import { noProxyWithLoopback } from "../../agents/direct-loopback.ts";
import { type LaunchedAgent, programOf } from "../../agents/launch.ts";
import type { SessionListener } from "../../agents/live-session.ts";
import type { AgentOnTerminal } from "../../agents/terminal/own-terminal.ts";
import type { SessionMode } from "../../domain/abilities.ts";
import { definedOf } from "../../domain/defined.ts";
import type { ModelServerProfile } from "../../domain/model-server.ts";
import { summaryOf } from "../../domain/receipts.ts";
import { type RouteName, routeNames } from "../../domain/route-names.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { loopback } from "../../domain/wire/own-address.ts";
import type { Role } from "../../domain/wire/roles.ts";
import type { StopApproval } from "../../host/approvals.ts";
import { type Host, startHost } from "../../host/host.ts";
import { createListener } from "../../host/listener.ts";
import { longestHoldS, type Unanswered } from "../../host/patient-asking.ts";
import type { SessionOptions } from "../../host/session-options.ts";
import type { CliProcess } from "../../host/steer/cli-process.ts";
import type { Logger } from "../../log.ts";
import { type ModelGate, openModelGate } from "../../model-gate/open-model-gate.ts";
import {
  type Environment,
  type HttpHandler,
  type HttpServer,
  selfCommand,
  serveHttp,
} from "../../runtime.ts";
import { atMost } from "../../waiting.ts";
import type { CliContext } from "../frame/context.ts";
import { untriedWords } from "./cli-probe.ts";
import { readCliVersion } from "./cli-version.ts";
import { readHeartbeatInterval } from "./heartbeat-interval.ts";

/** How long the host may hold a hook. The CLI waits a minute longer, so that the answer always comes from the host. */
const holdS = 3_600;
const cliWaitsLongerS = 60;
/** Large, because a hook carries a tool's result. The listener cuts long strings while the hook arrives. */
const mostHookBytes = 1_024 ** 3;

export interface HostOptions {
  readonly dataDir: string;
  readonly id: AgentId;
  readonly cli: AgentCli & Required<Pick<AgentCli, "session">>;
  readonly natsUrl: string;
  readonly credsPath: string | undefined;
  /** Whether the cost that the CLI tells is left out. */
  readonly hidesCost: boolean;
  readonly configName: string;
  readonly projectPath: string;
  readonly role: Role;
  /** Undefined while the CLI has not told it. */
  readonly sessionId: string | undefined;
  readonly stopApproval: StopApproval | undefined;
  readonly permissions: "cli" | "inbox";
  readonly unanswered: Unanswered;
  /** Whether a person can see the CLI's terminal. */
  readonly isOnTerminal: boolean;
  readonly hasLaunchTask: boolean;
  /** The agent's first task. Undefined for a resumed session, whose first words are not a task. */
  readonly launchTask: string | undefined;
  /** Of the CLI. */
  readonly env: Environment;
  /** The routes that its profile allows; default all. */
  readonly routes: readonly RouteName[] | undefined;
  /** For a session without a terminal: called with what its model says. */
  readonly onWords: (words: string) => void;
  readonly mode: SessionMode;
  /** The model server on which the CLI works, if its profile names one: then the host has a gate before it. */
  readonly modelServer: ModelServerProfile | undefined;
  /** For a session with which the host speaks over pipes: its first task, if any. Undefined for another session. */
  readonly pipedTask: { readonly task: string | undefined } | undefined;
}

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
  /** Where the hooks of the CLI go. */
  hookPlace(mcpConfigPath: string): HookPlace;
  /** @param launch what the agent was launched for, with the hooks of {@link hookPlace} */
  attach(agent: LaunchedAgent, launch: AgentLaunch): void;
  /** The id of the agent's session; undefined if the CLI has not told it. */
  sessionId(): string | undefined;
  /** Why the CLI's session could not be opened, for which the agent was ended. Undefined if it was opened, or may still be. */
  openFailure(): CliaiError | undefined;
  end(end: RunEnd): Promise<void>;
}

/**
 * How long the CLI has to wait for a hook: as long as its profile allows an answer to take. If its terminal may close, the hook of a dialog is
 * first held for that, and then asked in the inbox.
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
  return {
    openFailure: () => failure,
    bridgeEnv: {
      ...{ session_url: url, session_token: token, instance_id: instanceId },
      no_proxy: userSettings.noProxy,
    },
    warnings: [...warningsOf(userSettings, isHeadless), ...(await untriedOf(options, version, now))],
    modelGate: gate?.url,
    hookPlace,
    sessionId: told.sessionId,
    attach(agent, launch) {
      const hooks = launch.hooks ?? hookPlace(launch.mcpConfigPath);
      const stream =
        agent.pipes && cli.openSession?.({ ...agent.pipes, ...told, log, launch: { ...launch, hooks } });
      host.attach(stream?.end === undefined ? agent : endingFirst(agent, stream.end));
      const input = pipedTask === undefined ? cli.openInput?.({ ...told, launch, log }) : undefined;
      void agent.ended.finally(() => input?.stop());
      const terminal = isTyped(agent) ? agent : undefined;
      if (terminal !== undefined || input !== undefined) host.open(definedOf({ terminal, input }));
      stream?.whenReady
        .then(() => {
          host.open({ stream }, pipedTask?.task);
          const session = told.sessionId();
          if (session !== undefined) agent.openTerminal?.(session);
        })
        .catch((error: unknown) => {
          failure = openFailureOf(error, cli);
          log.info(`its session cannot be opened, ending the agent: ${failure.message}`);
          void agent.end();
        });
    },
    async end(end) {
      // Its leases are ended over the connection that the host closes.
      await gate?.stop();
      await host.end(end);
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
  return await openModelGate({ id, modelServer, machine: hostname(), link, onRequest, now, log });
}

interface KnownAtStart {
  readonly instanceId: string;
  readonly userSettings: UserSettings;
  readonly version: string | undefined;
}

function sessionOptions(
  options: HostOptions,
  { instanceId, userSettings: { hooksOff }, version }: KnownAtStart,
  { env, now, log }: CliContext,
): SessionOptions {
  const { id: agentId, cli, mode, pipedTask, natsUrl: url, credsPath } = options;
  const { hasLaunchTask, stopApproval, permissions, unanswered, hidesCost } = options;
  return {
    ...{
      agentId,
      url,
      credsPath,
      instanceId,
      hasLaunchTask,
      stopApproval,
      permissions,
      unanswered,
      hidesCost,
      now,
      log,
    },
    heartbeatIntervalS: readHeartbeatInterval(env),
    facts: {
      config_name: options.configName,
      project_path: options.projectPath,
      host: hostname(),
      pid: process.pid,
      session_id: options.sessionId,
      role: options.role,
      ...{ agent_cli: cli.name, agent_cli_version: version },
      session_mode: mode,
      launch_task: options.launchTask && summaryOf(options.launchTask),
    },
    cli: cli.session,
    mayAskAtTerminal: options.isOnTerminal ? cli.session.mayAskAtStart : undefined,
    routes: readRoutes(env) ?? options.routes,
    hasStream: pipedTask !== undefined,
    unheld: pipedTask === undefined ? hooksOff : undefined,
    holdMs: Math.min(
      holdS * 1_000,
      (pipedTask === undefined && cli.session.longestHoldMs) || Number.POSITIVE_INFINITY,
    ),
    createId: () => crypto.randomUUID(),
  };
}

function openFailureOf(error: unknown, { name, program }: AgentCli): CliaiError {
  const options = { hint: `check that it runs by itself: ${program}`, cause: error };
  if (!(error instanceof CliaiError)) {
    return new CliaiError("cli_missing", `${name} cannot begin a session: ${messageOf(error)}`, options);
  }
  return error.hint === undefined ? new CliaiError(error.code, error.message, options) : error;
}

/** What the host takes from a session with pipes, and the id that the session has told, if any. */
function listenTo(
  host: Host,
  { sessionId: known, onWords }: HostOptions,
  log: Logger,
): SessionListener & { sessionId(): string | undefined } {
  let sessionId = known;
  return {
    sessionId: () => sessionId,
    onSession(id) {
      sessionId = id;
      host.sessionTold(id);
      // A CLI that tells its session's id calls no hook for its start. Without this event, nothing shows that a session without a task is idle.
      host.report({ kind: "session_start", session_id: id });
    },
    onHook: (hook, signal) =>
      host.takeHook(hook, signal).catch((error: unknown) => {
        log.warn(`a hook of the session: ${messageOf(error)}`);
        return { type: "go" };
      }),
    whenLetGo: host.whenLetGo,
    observe: host.observe,
    onEvent: host.report,
    onSign: host.takeSign,
    onUsage: host.usage,
    onResult: host.turnResult,
    onWords(words) {
      host.heard(words);
      onWords(words);
    },
  };
}

function isTyped(agent: LaunchedAgent | AgentOnTerminal): agent is AgentOnTerminal {
  return "type" in agent;
}

/** How long a CLI may take to end in its own way, before it is ended by signals. */
const endsByItselfWithinMs = 3_000;

/** The agent, asked to end in the CLI's own way first. */
function endingFirst(agent: LaunchedAgent, end: () => Promise<void>): CliProcess {
  return {
    ended: agent.ended,
    async end() {
      // A CLI that cannot be asked is ended by signals.
      await atMost(
        endsByItselfWithinMs,
        end().catch(() => undefined),
      );
      await agent.end();
    },
  };
}

async function readUserSettings({ cli, env, mode, projectPath: cwd }: HostOptions): Promise<UserSettings> {
  const { platform } = process;
  const isHeadless = mode === "headless";
  const noProxy = noProxyWithLoopback([env.no_proxy, env.NO_PROXY]);
  return (await cli.readUserSettings?.({ cwd, isHeadless, env, platform })) ?? { noProxy };
}

async function untriedOf(
  { cli, env, dataDir }: HostOptions,
  version: string | undefined,
  now: () => Date,
): Promise<string[]> {
  const words = await untriedWords({ cli, program: programOf(cli, env), version, dataDir, env, now });
  return words === undefined ? [] : [words];
}

function warningsOf({ hooksOff, httpHooksOff }: UserSettings, isHeadless: boolean): string[] {
  if (hooksOff !== undefined) {
    const left = isHeadless
      ? "only the session's stream can hold it in a pause"
      : "nothing can hold this agent, and a pause gets no further than delivered";
    return [`cliai's hooks are not called, because ${hooksOff}: ${left}`];
  }
  if (httpHooksOff === undefined) return [];
  return [
    `hooks are commands and not HTTP requests, because ${httpHooksOff}: each tool call starts one more process`,
  ];
}

async function listen(fetch: HttpHandler): Promise<HttpServer> {
  return await serveHttp({
    ...{ host: loopback, port: 0, fetch, maxBodyBytes: mostHookBytes },
    // No deadline for the request, because a held hook is answered late.
    requestWithinS: 0,
  });
}

/** The routes in CLIAI_ROUTES, separated by commas: only these are used, to try out one of them. */
function readRoutes({ CLIAI_ROUTES: text }: Environment): RouteName[] | undefined {
  if (!text) return undefined;
  return text.split(",").map((name) => {
    const found = routeNames.find((each) => each === name.trim());
    if (found !== undefined) return found;
    throw new CliaiError("config_invalid", `CLIAI_ROUTES "${name}" is not one of ${routeNames.join(", ")}`, {
      hint: "leave it unset to use all routes",
    });
  });
}
