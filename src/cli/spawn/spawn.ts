// This room is `cliai spawn`: it plans a launch, writes the agent's files, and runs the host around the CLI.
//
// `cliai spawn`: writes an agent's files, and runs the agent's CLI in the foreground until it ends. Its process is the agent's host and stays,
// so what few launches need is loaded only by those.
import { shellQuote } from "../../agents/shell-quote.ts";
import { createLaunchedAgents } from "../../data-dir/launched-agents.ts";
import { writeLaunchedAs } from "../../data-dir/launched-as.ts";
import { hostLogPath, keepLogSmall } from "../../data-dir/log-file.ts";
import { removeRunFile } from "../../data-dir/run-file.ts";
import { readServeFile } from "../../data-dir/serve-file.ts";
import { parseLimits } from "../../domain/budgets/parse-budget.ts";
import type { LaunchedAs } from "../../domain/launch-flags.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { restartLine } from "../background/newer-build.ts";
import { tellBudgets } from "../budget/launch-budgets.ts";
import { type ClientArgs, dataDirFor, withClient } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { readText } from "../frame/read-text.ts";
import { paint } from "../frame/terminal.ts";
import { readNodeFile } from "../node/node-file.ts";
import { launchFlagsOf, type SpawnedAs, withLastFlags } from "../resume/launch-args.ts";
import { withoutLog } from "../wait/server-absence.ts";
import { readTimeoutMs } from "../wait/wait.ts";
import { auditEnd, printEnd, waitForWork } from "./await-work.ts";
import { endLeftoverRun } from "./leftover-processes.ts";
import { runAgent } from "./session-host/run-agent.ts";
import { type SpawnArgs, spawnArgs } from "./spawn-args.ts";
import { type SpawnFiles, writeSpawnFiles } from "./spawn-files.ts";
import { planSpawn, type SpawnPlan } from "./spawn-plan.ts";

export const spawnCommand = defineCliCommand({
  name: "spawn",
  example: `cliai spawn demo, or without a terminal: cliai spawn demo "what to do" --wait`,
  description: "launch an agent from a profile; arguments after -- go to the agent's CLI",
  args: spawnArgs,
  passesOn: true,
  async run(given, context, _more, afterEnd) {
    const { hasSecret, passedOn, ...spawned } = await withLastFlags(given, afterEnd, context);
    const { args, timeoutMs } = await readWork(spawned.args, context);
    if (args.budget !== undefined) parseLimits(args.budget);
    await refuseOnNode(args, context);
    if (args.detach === true || args.on !== undefined) {
      const { spawnDetached } = await import("./spawn-detached.ts");
      return await spawnDetached(args, passedOn, timeoutMs, context);
    }
    const plan = await planSpawn(args, context, passedOn);
    if (args["dry-run"] === true) {
      const written = await writeSpawnFiles(plan, undefined).finally(() => plan.lock.release());
      return printPlan(plan, written, context);
    }
    const { id, cli, cwd, profile } = plan;
    // Without --url, --creds names the agent's credentials: the fleet is read with the operator's, from serve.json.
    const own = args.url === undefined ? { ...args, creds: undefined } : args;
    const stopKeeping = keepLogSmall(hostLogPath(plan.dataDir, id));
    try {
      await noteOlderServe(args, context);
      context.note(`starting ${paint(id, profile.colour, context.color)} (${cli.name} in ${cwd})`);
      await endLeftoverRun(plan.dataDir, id, context.log);
      await tellBudgets(own, plan, args.budget, context);
      await writeLaunchedAs(plan.dataDir, id, launchedAs(plan, args, { passedOn, hasSecret }, context));
      const after = timeoutMs === undefined ? 0 : await withClient(own, context, auditEnd);
      const awaitWork = (run: string) =>
        timeoutMs === undefined
          ? undefined
          : withClient(own, withoutLog(context), (bus) =>
              waitForWork(bus, { id, run, after, timeoutMs, context }),
            );
      const { exitCode, work, sessionId, failure } = await runAgent(plan, context, awaitWork);
      if (failure !== undefined && work === undefined) throw failure;
      if (exitCode === 0) await forgetLaunch(plan, sessionId, context);
      if (work === undefined || timeoutMs === undefined) return exitCode;
      printEnd(work, { timeoutMs, startHint: failure?.hint }, context);
      return 0;
    } finally {
      stopKeeping();
      await removeRunFile(plan.dataDir, id);
      await plan.credentials.end();
      plan.lock.release();
    }
  },
});

function launchedAs(
  { name, cli, launch }: SpawnPlan,
  args: SpawnArgs,
  { passedOn, hasSecret }: Pick<SpawnedAs<SpawnArgs>, "passedOn" | "hasSecret">,
  context: CliContext,
): LaunchedAs {
  // A settings file that CLIAI_CONFIG names belongs to the launch, too: whoever starts the agent again may not have the variable.
  const config = args.config ?? (context.env.CLIAI_CONFIG || undefined);
  return {
    ...launchFlagsOf({ ...args, config }, passedOn, context),
    profile: name,
    headless: launch.isHeadless === true || passedOn.some((arg) => cli.unattendedArgs?.includes(arg)),
    ...(hasSecret ? { has_secret: true as const } : {}),
  };
}

/**
 * Reads the flags about the agent's first work: the task, which may also follow the profile, and `--wait`, which runs the agent without
 * a terminal and waits for the end of the task.
 * @throws CliaiError `usage`
 */
async function readWork(
  given: SpawnArgs,
  context: CliContext,
): Promise<{ args: SpawnArgs; timeoutMs: number | undefined }> {
  const { profile = "", text, task, wait = false, timeout, headless } = given;
  // No profile has a blank in its name.
  if (/\s/.test(profile) && text === undefined) {
    throw new CliaiError(
      "usage",
      `"${profile}" is not the name of a profile, which has to stand before the task`,
      {
        hint: `cliai spawn demo "${profile}" (cliai profiles lists the profiles)`,
      },
    );
  }
  if (text !== undefined && task !== undefined) {
    throw new CliaiError("usage", `the task is given twice: "${text}" and --task "${task}"`, {
      hint: "leave one of them out",
    });
  }
  if (timeout !== undefined && !wait) {
    throw new CliaiError("usage", "--timeout is given without --wait", { hint: "add --wait" });
  }
  if (wait && (text ?? task) === undefined) {
    throw new CliaiError("usage", "--wait is given without a task", {
      hint: `cliai spawn ${profile || "demo"} "what to do" --wait`,
    });
  }
  if (given["resume-on-terminal"] === true && !wait && headless !== true && given.detach !== true) {
    throw new CliaiError("usage", "--resume-on-terminal is given without --headless", {
      hint: "leave it out: the agent has a terminal",
    });
  }
  const words = text ?? task;
  const args = {
    ...given,
    task: words === "-" ? await readTask(context, profile || "demo") : words,
    headless: headless === true || wait,
  };
  return { args, timeoutMs: wait ? readTimeoutMs(timeout) : undefined };
}

async function readTask({ stdin }: CliContext, profile: string): Promise<string> {
  const words = (await readText(stdin)).trim();
  if (words !== "") return words;
  throw new CliaiError("usage", "the task on stdin is empty", {
    hint: `echo "what to do" | cliai spawn ${profile} - --wait`,
  });
}

/** On a node there is no server that could launch the agent, or be asked for the end of its work. @throws CliaiError `usage` */
async function refuseOnNode(args: SpawnArgs, context: CliContext): Promise<void> {
  const { detach, on, wait } = args;
  const flag = detach === true ? "detach" : on !== undefined ? "on" : wait === true ? "wait" : undefined;
  if (flag === undefined || args.url !== undefined) return;
  const node = await readNodeFile(dataDirFor(args, context));
  if (node === undefined) return;
  throw new CliaiError("usage", `--${flag} cannot be used here: this machine is the node ${node.name}`, {
    hint: `on the server's machine: cliai spawn … --on ${node.name}`,
  });
}

async function noteOlderServe(args: ClientArgs, context: CliContext): Promise<void> {
  if (args.url !== undefined) return;
  const server = await readServeFile(dataDirFor(args, context));
  const line = server && restartLine(server);
  if (line !== undefined) context.note(line);
}

/** Makes sure that no server launches an agent again that has ended in order. No server may have run when it ended. */
async function forgetLaunch(
  { dataDir, id }: SpawnPlan,
  sessionId: string | undefined,
  { log }: CliContext,
): Promise<void> {
  const launched = createLaunchedAgents(dataDir, log);
  const known = (await launched.read()).get(id);
  if (known === undefined || known.session_id === sessionId) await launched.forget(id);
}

function printPlan(
  { id, cli, cwd, profile }: SpawnPlan,
  { files, start }: SpawnFiles,
  { json, print, note, cwd: here }: CliContext,
): number {
  const { args } = start;
  if (json) {
    print(
      JSON.stringify({
        agent_id: id,
        command: cli.program,
        args: [...(cli.programArgs ?? []), ...args],
        cwd,
        files,
      }),
    );
    return 0;
  }
  for (const file of files) note(`written: ${file}`);
  // Only their names, because the values may be secrets.
  const variables = [...new Set([...Object.keys(profile.env ?? {}), ...Object.keys(start.env ?? {})])];
  if (variables.length > 0) note(`its environment is changed: ${variables.join(", ")}`);
  const change = cwd === here ? "" : `cd ${shellQuote([cwd])} && `;
  print(change + shellQuote([cli.program, ...(cli.programArgs ?? []), ...args]));
  return 0;
}
