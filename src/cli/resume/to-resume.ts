// Reads what `resume` needs to know of an agent: whether it runs, and how it was launched last.
import { hostname } from "node:os";
import { placementOf } from "../../credentials/nodes/placements.ts";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import { readLaunchedAs } from "../../data-dir/launched-as.ts";
import { readRunFile } from "../../data-dir/run-file.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { LaunchFlags } from "../../domain/launch-flags.ts";
import { readProcessStart } from "../../processes/process-start.ts";
import type { FleetReader } from "../fleet/fleet-reading.ts";
import type { ToResume } from "./resume-one.ts";
import { standingOf } from "./standing.ts";
import { untilOnline } from "./until-online.ts";

export interface HowToResume {
  readonly dataDir: string;
  /** The flags that are given now. */
  readonly given: LaunchFlags;
  /** Whether agents that ran on another machine are to be started here, other than those that belong on a node. */
  readonly takesOver?: boolean | undefined;
}

/** @throws CliaiError `config_invalid` if the file that says on which node the agent belongs cannot be used */
export async function readToResume(
  known: AgentView,
  reader: Pick<FleetReader, "find">,
  { dataDir, given, takesOver = false }: HowToResume,
): Promise<ToResume> {
  const { agent_id } = known;
  const isHeld = () => isAgentHeld(dataDir, agent_id);
  // The fleet may be a moment behind: a host says goodbye before it ends, and a host that was just started is not connected yet.
  const view = await untilOnline(known, reader, isHeld);
  const runs = view.pid !== undefined && (await readProcessStart(view.pid)) !== undefined;
  // A host removes its run file before it lets go of the lock. So a host that has left its file was killed. What still sends heartbeats is the
  // bridge of a CLI that has outlived its host.
  const hasRunFile = (await readRunFile(dataDir, agent_id)) !== undefined;
  const held = isHeld();
  const wasKilled = hasRunFile && !held;
  const place = { hostname: hostname(), isHeld: held, isRunning: runs && !wasKilled };
  const standing = standingOf(view, place);
  const one = { before: await readLaunchedAs(dataDir, agent_id), given, dataDir };
  if (standing.state !== "elsewhere") return { standing, ...one };
  const node = placementOf(dataDir, agent_id)?.node;
  if (node !== undefined || !takesOver) return { standing, node, ...one };
  return { standing: standingOf(view, { ...place, takesOver }), ...one };
}
