// What serve lends to its pages and its API for the changes of agents. It reads those of agents on this machine.
import { readChanges } from "../../changes/read-changes.ts";
import type { FleetService } from "../../server/server.ts";
import type { ChangesDesk } from "../../web/api/reports/changes-report.ts";
import type { CliContext } from "../frame/context.ts";

export function createChangesDesk(
  dataDir: string,
  fleet: Pick<FleetService, "list">,
  { env }: Pick<CliContext, "env">,
): ChangesDesk {
  return { read: (agent, ask) => readChanges(agent, ask, { dataDir, env, agents: fleet.list() }) };
}
