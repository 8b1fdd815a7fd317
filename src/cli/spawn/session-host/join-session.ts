// Joins the CLI's session to the host: what the session tells goes to the host, and the host gets the routes into the session.
import type { AgentCli } from "../../../agents/agent-cli.ts";
import type { AgentLaunch, HookPlace } from "../../../agents/agent-launch.ts";
import type { LaunchedAgent } from "../../../agents/launch.ts";
import type { SessionListener } from "../../../agents/live-session.ts";
import type { AgentOnTerminal } from "../../../agents/terminal/own-terminal.ts";
import { definedOf } from "../../../domain/defined.ts";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import type { Host } from "../../../host/host.ts";
import type { CliProcess } from "../../../host/steer/cli-process.ts";
import type { Logger } from "../../../log.ts";
import { atMost } from "../../../waiting.ts";
import type { HostOptions } from "./host-options.ts";

/** How long a CLI may take to end in its own way, before it is ended by signals. */
const endsByItselfWithinMs = 3_000;
/** How long a CLI may run on after it has closed its output. Longer than it may take to end when it is told to. */
const outlivesOutputMs = 10_000;

export interface SessionJoin {
  readonly agent: LaunchedAgent;
  /** What the agent was launched for. */
  readonly launch: AgentLaunch;
  readonly hooks: HookPlace;
  readonly host: Host;
  readonly told: ToldSession;
  readonly cli: AgentCli;
  readonly pipedTask: HostOptions["pipedTask"];
  /** Called if the session cannot be opened; the agent is then ended. */
  readonly onFailure: (error: CliaiError) => void;
  /** Called if the CLI has closed its output and runs on; the agent is then ended. */
  readonly onClosedOutput: () => void;
  readonly log: Logger;
}

/** What the host takes from a session with pipes. */
export interface ToldSession extends SessionListener {
  /** The id that the session has told, if any. */
  sessionId(): string | undefined;
}

export function joinSession({
  agent,
  launch,
  hooks,
  host,
  told,
  cli,
  pipedTask,
  ...join
}: SessionJoin): void {
  const { onFailure, log } = join;
  endIfClosed(agent, join);
  const heard = { ...told, onResult: unlessEnded(agent, join, told.onResult) };
  const stream =
    agent.pipes && cli.openSession?.({ ...agent.pipes, ...heard, log, launch: { ...launch, hooks } });
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
      const failure = openFailureOf(error, cli);
      onFailure(failure);
      log.info(`its session cannot be opened, ending the agent: ${failure.message}`);
      void agent.end();
    });
}

/**
 * Ignores a failed result of a CLI that is being ended: the end has broken the turn off, so the result says nothing about the turn's task. The
 * next run may go on with the task.
 */
function unlessEnded(
  agent: LaunchedAgent,
  { log }: Pick<SessionJoin, "log">,
  onResult: SessionListener["onResult"],
): SessionListener["onResult"] {
  return (result) => {
    if (result.isError && agent.isBeingEnded()) log.debug(`its turn is broken off: ${result.text}`);
    else onResult(result);
  };
}

/** Ends a CLI that has closed its output and does not end by itself, because the host can no longer hear what it does, or hold it. */
function endIfClosed(
  agent: LaunchedAgent,
  { onClosedOutput, log }: Pick<SessionJoin, "onClosedOutput" | "log">,
): void {
  let hasExited = false;
  void agent.exited.then(() => {
    hasExited = true;
  });
  agent.pipes?.stdout.once("close", async () => {
    await atMost(outlivesOutputMs, agent.exited);
    if (hasExited) return;
    log.warn("the agent's CLI has closed its output and runs on: ending it");
    onClosedOutput();
    await agent.end();
  });
}

export function listenTo(host: Host, { sessionId: known, onWords }: HostOptions, log: Logger): ToldSession {
  let sessionId = known;
  return {
    sessionId: () => sessionId,
    onSession(id) {
      sessionId = id;
      host.sessionTold(id);
      // A CLI that tells its session's id here calls no hook for the session's start. Without this event, nothing would show that a session
      // without a task is idle.
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
    onThought: host.thought,
    onWords(words) {
      host.heard(words);
      onWords(words);
    },
  };
}

function openFailureOf(error: unknown, { name, program }: AgentCli): CliaiError {
  const options = { hint: `check that it runs by itself: ${program}`, cause: error };
  if (!(error instanceof CliaiError)) {
    return new CliaiError("cli_missing", `${name} cannot begin a session: ${messageOf(error)}`, options);
  }
  return error.hint === undefined ? new CliaiError(error.code, error.message, options) : error;
}

function isTyped(agent: LaunchedAgent | AgentOnTerminal): agent is AgentOnTerminal {
  return "type" in agent;
}

/** The agent's process. To end it, first asks the CLI to end in its own way, and then ends it by signals. */
function endingFirst(agent: LaunchedAgent, end: () => Promise<void>): CliProcess {
  return {
    ended: agent.ended,
    async end() {
      // If the CLI cannot be asked, agent.end() ends it by signals.
      await atMost(
        endsByItselfWithinMs,
        end().catch(() => undefined),
      );
      await agent.end();
    },
  };
}
