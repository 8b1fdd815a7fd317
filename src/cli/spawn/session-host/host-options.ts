// What the host of an agent gets from `cliai spawn`, and how that becomes the options of its session (src/host).
import { hostname } from "node:os";
import process from "node:process";
import { accountOf } from "../../../agents/account.ts";
import type { AgentCli } from "../../../agents/agent-cli.ts";
import type { UserSettings } from "../../../agents/agent-launch.ts";
import { recordPositionFile } from "../../../data-dir/run-file.ts";
import type { SessionMode } from "../../../domain/abilities.ts";
import type { ReservationMode } from "../../../domain/files/reservation.ts";
import type { OnLimit } from "../../../domain/limits/on-limit.ts";
import type { ModelServerProfile } from "../../../domain/model-server.ts";
import { type RouteName, routeNames } from "../../../domain/route-names.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { summaryOf } from "../../../domain/text/summary.ts";
import type { Watchdog } from "../../../domain/watchdog/watchdog-keys.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import type { Role } from "../../../domain/wire/roles.ts";
import type { StopApproval } from "../../../host/approvals.ts";
import type { Unanswered } from "../../../host/patient-asking.ts";
import type { SessionOptions } from "../../../host/session-options.ts";
import type { Environment } from "../../../runtime.ts";
import type { CliContext } from "../../frame/context.ts";
import { readHeartbeatInterval } from "../heartbeat-interval.ts";
import { launchedSession } from "./launched-session.ts";

/** How long the host may hold a hook. */
export const holdS = 3_600;

export interface HostOptions {
  readonly dataDir: string;
  readonly id: AgentId;
  readonly cli: AgentCli & Required<Pick<AgentCli, "session">>;
  readonly natsUrl: string;
  readonly credsPath: string | undefined;
  readonly configName: string;
  readonly projectPath: string;
  /** The branch of the agent's git worktree; undefined without one. */
  readonly worktreeBranch: string | undefined;
  readonly role: Role;
  /** The tags of its profile. */
  readonly tags: readonly string[] | undefined;
  /** What it does at a usage limit, and its priority, as its profile says. */
  readonly onLimit: OnLimit | undefined;
  readonly priority: number | undefined;
  readonly model: string | undefined;
  /** The id of the CLI's session; undefined while the CLI has not told it. */
  readonly sessionId: string | undefined;
  readonly stopApproval: StopApproval | undefined;
  readonly permissions: "cli" | "inbox";
  readonly unanswered: Unanswered;
  readonly reservations: ReservationMode;
  readonly watchdog: Watchdog | undefined;
  /** Whether a person can see the CLI's terminal. */
  readonly isOnTerminal: boolean;
  readonly hasLaunchTask: boolean;
  /** The instructions of the agent's role and of its profile. */
  readonly instructions: string;
  /** The agent's first task. Undefined for a resumed session, whose first words are not a task. */
  readonly launchTask: string | undefined;
  /** The environment of the CLI. */
  readonly env: Environment;
  /** Whether the session's conversation is published. */
  readonly hasTranscript: boolean;
  /** The routes that the agent's profile allows; all if undefined. */
  readonly routes: readonly RouteName[] | undefined;
  /** For a session without a terminal: called with what its model says. */
  readonly onWords: (words: string) => void;
  readonly mode: SessionMode;
  /** The model server on which the CLI works, if its profile names one: then the host has a gate before it. */
  readonly modelServer: ModelServerProfile | undefined;
  /** For a session with which the host speaks over pipes: its first task, if any. Undefined for another session. */
  readonly pipedTask: { readonly task: string | undefined } | undefined;
}

export interface KnownAtStart {
  readonly instanceId: string;
  readonly userSettings: UserSettings;
  readonly version: string | undefined;
}

export function sessionOptions(
  options: HostOptions,
  { instanceId, userSettings: { hooksOff }, version }: KnownAtStart,
  { env, now, log }: CliContext,
): SessionOptions {
  const { id: agentId, cli, mode, pipedTask, natsUrl: url, credsPath } = options;
  const { hasLaunchTask, stopApproval, permissions, unanswered, reservations, modelServer } = options;
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
      reservations,
      now,
      log,
    },
    localModel: modelServer && { name: modelServer.model },
    heartbeatIntervalS: readHeartbeatInterval(env),
    facts: {
      config_name: options.configName,
      project_path: options.projectPath,
      worktree_branch: options.worktreeBranch,
      watchdog: options.watchdog,
      host: hostname(),
      pid: process.pid,
      session_id: options.sessionId,
      role: options.role,
      tags: options.tags,
      account: accountOf(cli, { ...options, hostname: hostname() }),
      on_limit: options.onLimit,
      priority: options.priority,
      ...{ agent_cli: cli.name, agent_cli_version: version },
      session_mode: mode,
      launch_task: options.launchTask && summaryOf(options.launchTask),
    },
    cli: launchedSession(cli.session, options),
    mayAskAtTerminal: options.isOnTerminal ? cli.session.mayAskAtStart : undefined,
    transcript: options.hasTranscript
      ? { position: recordPositionFile(options.dataDir, agentId, log) }
      : undefined,
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

/** The routes in CLIAI_ROUTES, separated by commas: only these are used, to try out one of them. */
export function readRoutes({ CLIAI_ROUTES: text }: Environment): RouteName[] | undefined {
  if (!text) return undefined;
  return text.split(",").map((name) => {
    const found = routeNames.find((each) => each === name.trim());
    if (found !== undefined) return found;
    throw new CliaiError("config_invalid", `CLIAI_ROUTES "${name}" is not one of ${routeNames.join(", ")}`, {
      hint: "leave it unset to use all routes",
    });
  });
}
