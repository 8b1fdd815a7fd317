// How an agent is started: by this serve, or by a node. What is asked for is checked before the fleet has the agent.
import { parseLimits } from "../../../domain/budgets/parse-budget.ts";
import type { LaunchFlags } from "../../../domain/launch-flags.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { askForBudgets } from "../../../server/budgets/budgets-by-operator.ts";
import type { LaunchRequest } from "../../../web/api/spawner.ts";
import { loadConfig } from "../../frame/config-file.ts";
import { profileReader } from "../../spawn/profile.ts";
import { checkLaunch } from "./launch-request.ts";
import { type createLaunches, isThere, type LaunchesOptions } from "./launches.ts";
import { launchOnNode } from "./node-launch.ts";
import type { ResumedArgs } from "./resumed-args.ts";

/** Starts the agent. Resolves when it has begun. */
type Start = (id: AgentId, resumed: Partial<ResumedArgs>) => Promise<void>;

/** @throws CliaiError `message_invalid` for a profile or a directory that is not here */
export async function startHere(
  request: Pick<LaunchRequest, "profile" | "project">,
  flags: LaunchFlags,
  { launch }: ReturnType<typeof createLaunches>,
  options: LaunchesOptions,
): Promise<Start> {
  const { profile } = request;
  const { cli, project } = await checkLaunch({ ...request, cli: flags.cli }, await placeOf(flags, options));
  if (cli.openSession === undefined)
    throw new CliaiError("message_invalid", `${cli.name} cannot run without a terminal`);
  return (id, resumed) => launch(id, { profile, project, flags, ...resumed });
}

/** On a node, which finds profile and directory itself. @throws CliaiError `message_invalid`, `refused` */
export async function startThere(
  node: string,
  { profile, project, resumes, from }: Pick<LaunchRequest, "profile" | "project" | "resumes" | "from">,
  flags: LaunchFlags,
  { stopping }: ReturnType<typeof createLaunches>,
  { nodes, server, bus, context: { now } }: LaunchesOptions,
): Promise<Start> {
  if (nodes === undefined) {
    throw new CliaiError("message_invalid", `there is no node "${node}": no machine can join this server`, {
      hint: "see docs/cluster.md, Machines that join",
    });
  }
  if (resumes !== undefined)
    throw new CliaiError("message_invalid", "a session cannot be resumed on a node", {
      hint: "leave the node out",
    });
  // Before the fleet has an agent of that launch.
  await nodes.require(node);
  return async (id) => {
    const { budget } = flags;
    // Here, by the name of who has asked. The node asks for the same, and for the budget of its profile if none is given.
    if (budget !== undefined)
      await askForBudgets(bus, { launched: { agent_id: id, limits: parseLimits(budget) }, by: from });
    const view = () => server.fleet.get(id);
    const launch = { id, profile, project, flags, isThere, view, now, signal: stopping.signal };
    await launchOnNode(nodes, node, launch);
  };
}

/** Where a launch finds its profile: in the settings file of its flags; without one, where the server looks. */
async function placeOf({ config }: LaunchFlags, { profiles, context, dataDir }: LaunchesOptions) {
  const { cwd } = context;
  if (config === undefined) return { profiles, cwd };
  return { profiles: profileReader(await loadConfig(config, context), dataDir), cwd };
}
