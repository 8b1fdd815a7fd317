// Runs an agent's CLI until it ends, inside a host if the CLI has hooks.

import process from "node:process";
import type { RunEnd } from "../../../agent-link/goodbye.ts";
import type { CliStart } from "../../../agents/agent-launch.ts";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import { plainLines } from "../../../domain/text/harmless.ts";
import type { CliContext } from "../../frame/context.ts";
import type { EndOfWork } from "../await-work.ts";
import { createScreenLog } from "../screen-log.ts";
import { writeSpawnFiles } from "../spawn-files.ts";
import type { SpawnPlan } from "../spawn-plan.ts";
import { isOnTerminal, startCli } from "../start-cli.ts";
import type { HostOptions } from "./host-options.ts";
import { startSessionHost } from "./session-host.ts";

type AwaitWork = (run: string) => Promise<EndOfWork> | undefined;

interface Ended {
  readonly exitCode: number;
  readonly work?: EndOfWork | undefined;
  /** Undefined if the CLI has not told it. */
  readonly sessionId: string | undefined;
  /** Why its session could not be opened. */
  readonly failure?: CliaiError | undefined;
}

/** Runs the CLI, inside a host if the CLI has hooks. Resolves to the CLI's exit code and, with `--wait`, to how its work has ended. */
export async function runAgent(plan: SpawnPlan, context: CliContext, awaitWork: AwaitWork): Promise<Ended> {
  const { id, cli, launch } = plan;
  const { session } = cli;
  if (session === undefined) {
    const { start } = await writeSpawnFiles(plan, undefined);
    const agent = await startCli(plan, crypto.randomUUID(), start);
    printStart(plan, start, context);
    return { exitCode: await agent.exitCode, sessionId: launch.sessionId };
  }
  const hostOptions = hostOptionsOf({ ...plan, cli: { ...cli, session } }, context);
  const screen =
    isOnTerminal(launch) && process.stderr.isTTY === true
      ? createScreenLog(plan.dataDir, id, context)
      : undefined;
  const host = await startSessionHost(hostOptions, { ...context, log: screen?.log ?? context.log });
  for (const warning of host.warnings) context.log.warn(warning);
  let end: RunEnd = { how: "it did not start" };
  let work: Promise<EndOfWork> | undefined;
  let exitCode: number;
  try {
    const written = await writeSpawnFiles(plan, host);
    screen?.leaveScreen();
    const agent = await startCli(plan, host.bridgeEnv.instance_id, written.start, host.showTerminal);
    host.attach(agent, written.launch);
    printStart(plan, written.start, context);
    let isDone = false;
    work = awaitWork(host.bridgeEnv.instance_id);
    work?.then(
      ({ outcomes }) => {
        isDone = outcomes.get(id)?.outcome === "done";
        return agent.end();
      },
      () => agent.end(), // awaiting `work` below throws the reason
    );
    const [how, as] = await Promise.all([agent.ended, agent.endedAs]);
    const failure = host.openFailure();
    if (isDone) end = { how: `${how}, because its work was done`, as: "ended" };
    else if (failure !== undefined) end = { how: failure.message, as: "failed_to_start" };
    else if (host.hasClosedOutput()) end = { how: `it closed its output and ran on: ${how}`, as: "crashed" };
    else end = as === "told" ? { how: `its CLI has ended: ${how}` } : { how, as };
    exitCode = await agent.exitCode;
  } catch (error) {
    if (error instanceof CliaiError && error.code === "cli_missing") {
      end = { how: messageOf(error), as: "failed_to_start" };
    }
    throw error;
  } finally {
    screen?.returnToScreen();
    // In a resumed session, `--task` holds the words to go on with, which are not a task of their own.
    await host.end({ ...end, launchTask: launch.isResumed === true ? undefined : launch.task });
  }
  // If the CLI has ended by itself, judge its work after the goodbye, because serve knows of the end only then.
  return { exitCode, work: await work, sessionId: host.sessionId(), failure: host.openFailure() };
}

/** With `--json`: prints what identifies the agent, before anything else. The session is null if the CLI reports it later. */
function printStart({ id, cli, launch }: SpawnPlan, { args }: CliStart, { json, print }: CliContext): void {
  if (!json) return;
  const isNamed = tellsSession(cli, launch) ? launch.isResumed === true : args.includes(launch.sessionId);
  print(JSON.stringify({ agent_id: id, session_id: isNamed ? launch.sessionId : null, pid: process.pid }));
}

/** Whether the CLI gives a new session its id in the mode of this launch. */
function tellsSession(
  { tellsSession: when }: SpawnPlan["cli"],
  { isHeadless }: SpawnPlan["launch"],
): boolean {
  return when === "always" || (when === "headless" && isHeadless === true);
}

function hostOptionsOf(plan: SpawnPlan & Pick<HostOptions, "cli">, { print }: CliContext): HostOptions {
  const { id, name, profile, role, cli, cwd, env, natsUrl, credentials, launch } = plan;
  const { stop_approval, stop_approval_wait_s, stop_approval_unanswered, routes } = profile;
  return {
    dataDir: plan.dataDir,
    ...{ id, cli, natsUrl, role, env, routes },
    hasTranscript: profile.transcript === "on",
    permissions: launch.asksPermissions === true ? "inbox" : "cli",
    unanswered: { policy: profile.unanswered, afterS: profile.unanswered_after_s },
    reservations: profile.reservations,
    watchdog: profile.watchdog,
    credsPath: credentials.path,
    configName: name,
    projectPath: cwd,
    worktreeBranch: plan.worktreeBranch,
    tags: profile.tags,
    onLimit: profile.on_limit,
    priority: profile.priority,
    model: launch.model,
    sessionId: tellsSession(cli, launch) && launch.isResumed !== true ? undefined : launch.sessionId,
    stopApproval: stop_approval
      ? { waitS: stop_approval_wait_s, unanswered: stop_approval_unanswered }
      : undefined,
    isOnTerminal: isOnTerminal(launch),
    hasLaunchTask: launch.task !== undefined,
    instructions: launch.instructions,
    launchTask: launch.isResumed === true ? undefined : launch.task,
    onWords: (words) => {
      if (plan.printsWords && !isOnTerminal(launch)) for (const line of plainLines(words)) print(line);
    },
    mode: launch.isHeadless === true ? "headless" : "terminal",
    modelServer: launch.modelServer,
    pipedTask: launch.isHeadless === true || cli.isServed === true ? { task: launch.task } : undefined,
  };
}
