// Launches an agent on this node, because serve has asked for it: with the node's own profiles and folders.
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { pause } from "../../waiting.ts";
import { loadConfig } from "../frame/config-file.ts";
import type { CliContext } from "../frame/context.ts";
import type { NodeLaunch } from "../nodes/agent-desks.ts";
import { launchArgs } from "../resume/launch-args.ts";
import { launchWithinMs, startAgentChild } from "../serve/launch/agent-child.ts";
import { checkLaunch } from "../serve/launch/launch-request.ts";
import { profileReader } from "../spawn/profile.ts";
import type { NodeFile } from "./node-file.ts";

/**
 * Resolves when the agent has run for a while: whether it is connected, serve sees by itself.
 * @throws CliaiError `refused` if this node launches no agents, or if the order has ended, because serve no longer waits for the agent;
 * `message_invalid` for a profile or folder that is not here; `failed` with the last words of an agent that ended at its start
 */
export async function launchHere(
  { agent_id: id, profile, project: wanted, flags, expires_at }: NodeLaunch,
  {
    dataDir,
    node,
    context,
  }: { readonly dataDir: string; readonly node: NodeFile; readonly context: CliContext },
): Promise<Readonly<Record<never, never>>> {
  if (node.may_launch !== true) {
    throw new CliaiError("refused", `the node ${node.name} was not joined to launch agents`, {
      hint: "join it again, with a code of: cliai join-code --spawn",
    });
  }
  requireInTime(id, expires_at, context.now());
  const profiles = profileReader(await loadConfig(undefined, context), dataDir);
  const { cli, project } = await checkLaunch(
    { profile, project: wanted, cli: flags.cli },
    { profiles, cwd: context.cwd, where: `the node ${node.name}` },
  );
  if (cli.openSession === undefined)
    throw new CliaiError("message_invalid", `${cli.name} cannot run without a terminal`);
  context.log.info(`launching ${id} (${cli.program})`);
  const { own, passedOn } = launchArgs(flags);
  const child = startAgentChild({
    ...{ id, profile, project, dataDir, configPath: undefined, context },
    more: ["--headless", ...own, ...passedOn],
    // serve hears of a host's end by its connection.
    hosts: { look: async () => undefined },
  });
  const settled = new AbortController();
  const how = await Promise.race([child.ended, pause(launchWithinMs, settled.signal)]);
  settled.abort();
  if (how === undefined || how === "exit code 0") return {};
  throw new CliaiError("failed", `${id} did not start (${how}): ${child.lastWords()}`, {
    hint: `the node launches agents with its own PATH and environment; all output is in agents/${id}/host.log in ${dataDir} there`,
  });
}

function requireInTime(id: AgentId, expiresAt: string | undefined, now: Date): void {
  if (expiresAt === undefined || now.getTime() <= Date.parse(expiresAt)) return;
  throw new CliaiError(
    "refused",
    `the order to launch ${id} came too late: it ended at ${expiresAt}, and here it is ${now.toISOString()}`,
    { hint: "launch it again; if the clocks of the two machines differ, set them right" },
  );
}
