// This room launches agents without a terminal, for people and for captains, and keeps them running.
//
// Opens the two launchers, for people and for captains, and the watch over their hosts.
import { tellOfEnd } from "../../../server/tools/launch-notice.ts";
import { openLaunchDesk } from "../../launch-desk.ts";
import { createAwayAgents } from "./away-agents.ts";
import { createAgentLauncher } from "./captains/captain-launcher.ts";
import { noteFailedLaunch } from "./failed-launch.ts";
import { createHeadlessAgents } from "./headless-agents.ts";
import { watchKilledHosts } from "./killed-hosts.ts";
import type { LaunchesOptions } from "./launches.ts";

/** Opens the launchers. `parts` ends the agents that are starting before it ends the server, so that the server stores their goodbyes. */
export function openLaunching(options: Omit<LaunchesOptions, "hosts">, parts: AsyncDisposableStack) {
  const { dataDir, bus, server, context } = options;
  const { now, log } = context;
  const hosts = watchKilledHosts({ dataDir, bus, server, context });
  parts.defer(() => hosts.stop());
  const headlessAgents = createHeadlessAgents({ ...options, hosts });
  const { spawn } = headlessAgents;
  const captains = createAgentLauncher({
    ...{ ...options, hosts, onNode: { spawn, server, context } },
    onFailed: (failed) => noteFailedLaunch({ bus, fleet: server.fleet, now }, failed),
    onEnded: (ended) => tellOfEnd({ bus, server, now }, ended),
  });
  parts.defer(() => captains.stop());
  parts.defer(() => headlessAgents.stop());
  parts.defer(openLaunchDesk(bus, headlessAgents, log));
  return { hosts, captains, headlessAgents, away: createAwayAgents({ dataDir, bus, context }) };
}
