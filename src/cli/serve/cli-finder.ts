// Finds the agent CLIs on the PATH of serve, for the API: one search at a time, because each starts every program.
import { agentClis } from "../../agents/agent-clis.ts";
import type { CliFinder, ListedCli } from "../../web/api/reports/clis-report.ts";
import { findClis, listedCli } from "../found-clis.ts";
import type { CliContext } from "../frame/context.ts";
import { clisOfProfiles } from "../profile-clis.ts";

export function createCliFinder(dataDir: string, context: CliContext): CliFinder {
  let running: Promise<readonly ListedCli[]> | undefined;
  const find = async () => {
    const known = [...agentClis, ...(await clisOfProfiles(dataDir, context))];
    return (await findClis(known, context.env)).map(listedCli);
  };
  return {
    find() {
      running ??= find().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}
