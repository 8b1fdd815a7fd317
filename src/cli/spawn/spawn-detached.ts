// `cliai spawn --detach`: has the server launch the agent without a terminal. The agent runs on when this command has ended.
import { isAbsolute, resolve } from "node:path";
import { findAgentCli } from "../../agents/agent-clis.ts";
import { readServeFile } from "../../data-dir/serve-file.ts";
import { definedOf } from "../../domain/defined.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import type { FoundProfile } from "../../profiles/profile-set.ts";
import type { LaunchRequest } from "../../web/api/spawner.ts";
import { ensureServer } from "../background/ensure-server.ts";
import { restartCommand } from "../background/newer-build.ts";
import { dataDirFor, withClient } from "../fleet/client.ts";
import { createFleetReader } from "../fleet/fleet-reading.ts";
import { findCliProgram } from "../found-clis.ts";
import { loadConfig } from "../frame/config-file.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { askForLaunch } from "../launch-desk.ts";
import { launchFlagsOf } from "../resume/launch-args.ts";
import { withoutLog } from "../wait/server-absence.ts";
import { auditEnd, printEnd, waitForWork } from "./await-work.ts";
import { profileReader } from "./profile.ts";
import type { SpawnArgs } from "./spawn-args.ts";

/** The flags that cannot be used for a launch by the server, each with what to do instead. */
const otherFlags = {
  resume: "start an ended agent again: cliai resume AGENT --headless",
  "die-with-terminal": "the agent has no terminal: leave one of the two out",
  "dry-run": "leave --detach out to see the command",
} as const;

export async function spawnDetached(
  args: SpawnArgs,
  passedOn: readonly string[],
  timeoutMs: number | undefined,
  context: CliContext,
): Promise<number> {
  for (const [flag, hint] of Object.entries(otherFlags)) {
    const value = args[flag as keyof typeof otherFlags];
    if (value === undefined || value === false) continue;
    throw new CliaiError(
      "usage",
      `--${flag} cannot be used with ${args.on === undefined ? "--detach" : "--on"}`,
      { hint },
    );
  }
  const { profile } = args;
  if (profile === undefined) {
    throw new CliaiError("usage", "--detach needs the PROFILE", {
      hint: "cliai spawn demo --detach (cliai profiles lists the profiles)",
    });
  }
  const who = args.id ?? `an agent of the profile ${profile}`;
  context.progress(`launching ${who} without a terminal: waiting until its CLI runs and is connected`);
  await ensureServer(args, context);
  const { on } = args;
  if (on !== undefined) checkForNode(args);
  const found = on === undefined ? await profileHere(args, profile, context) : undefined;
  if (found !== undefined && args.url === undefined) await noteServersOwn(args, found, context);
  const request: LaunchRequest = {
    ...{ profile, from: operatorOf(context) },
    ...(args.task === undefined ? {} : { task: args.task }),
    ...(args.id === undefined ? {} : { id: parseAgentId(args.id) }),
    // A full path, because the server runs in another directory.
    ...definedOf({ node: on, project: projectFor(args, found, context) }),
    flags: launchFlagsOf(args, passedOn.length === 0 ? undefined : passedOn, context),
  };
  const quiet = timeoutMs === undefined ? context : withoutLog(context);
  return await withClient(args, quiet, async (bus) => {
    const after = await auditEnd(bus);
    const { agent_id } = await askForLaunch(bus, request, context.note);
    if (context.json) {
      const record = (await createFleetReader(bus, context).find(agent_id))?.record;
      const { session_id = null, pid = null } = record ?? {};
      context.print(JSON.stringify({ agent_id, session_id, pid }));
    } else if (timeoutMs === undefined) context.print(agent_id);
    else context.note(`${agent_id} works without a terminal`);
    if (timeoutMs === undefined) return 0;
    printEnd(await waitForWork(bus, { id: agent_id, after, timeoutMs, context }), { timeoutMs }, context);
    return 0;
  });
}

/** The profile; undefined if this command does not find it. The server may find it in its own settings file; if not, it refuses the launch. */
async function profileHere(
  args: SpawnArgs,
  profile: string,
  context: CliContext,
): Promise<FoundProfile | undefined> {
  const loaded = await loadConfig(args.config, context);
  const profiles = await profileReader(
    loaded,
    dataDirFor(args, context),
  )(resolve(context.cwd, args.project ?? "."));
  try {
    return profiles.find(profile);
  } catch {
    return undefined;
  }
}

/** @throws CliaiError `usage` for what is a path of this machine */
function checkForNode({ project, config }: SpawnArgs): void {
  if (config !== undefined) {
    throw new CliaiError("usage", "--config cannot be used with --on: a node has settings of its own", {
      hint: "leave it out",
    });
  }
  if (project === undefined || isAbsolute(project)) return;
  throw new CliaiError(
    "usage",
    `--project "${project}" is not a full path, and the node has folders of its own`,
    {
      hint: "give the full path of a directory there",
    },
  );
}

/** The directory to work in; undefined for that of the profile, or of the node. */
function projectFor(
  args: SpawnArgs,
  found: FoundProfile | undefined,
  { cwd }: Pick<CliContext, "cwd">,
): string | undefined {
  if (args.on !== undefined) return args.project;
  return hasOwnProject(args, found) ? undefined : resolve(cwd, args.project ?? ".");
}

/** Whether the agent works in the directory that its profile names. */
function hasOwnProject({ project, url }: SpawnArgs, found: FoundProfile | undefined): boolean {
  return project === undefined && url === undefined && found?.profile.project !== undefined;
}

/**
 * Says what the agent gets from the server that this shell may have otherwise: the program of its CLI, and the variables that its profile
 * passes on. Their values are not sent to the server, because they may be secrets.
 */
async function noteServersOwn(
  args: SpawnArgs,
  { profile }: FoundProfile,
  context: CliContext,
): Promise<void> {
  const server = await readServeFile(dataDirFor(args, context));
  if (server === undefined) return;
  const path = context.env.PATH ?? "";
  const cli = findAgentCli(args.cli ?? profile.cli, profile.acp);
  const [here, there] = await Promise.all([
    findCliProgram(cli, path),
    findCliProgram(cli, server.search_path ?? path),
  ]);
  const which = `the server (pid ${server.pid})`;
  if (here !== undefined && here !== there) {
    const other = there === undefined ? `does not find ${here}` : `starts ${there}, not ${here}`;
    context.note(
      `${which} ${other}, because it has another PATH than this shell; to change that: ${restartCommand}`,
    );
  }
  const passed = Object.entries(profile.env ?? {}).flatMap(([name, value]) => (value === true ? [name] : []));
  if (passed.length > 0) context.note(`${which} passes on its own ${passed.join(", ")}, not this shell's`);
}
