// The processes of the agent `ada` that a crash may strike (Linux).
import { readRunFile } from "../../../src/data-dir/run-file.ts";
import { ada as id } from "../../support/agents.ts";
import { descendantRunning } from "../../support/steered-claude.ts";
import { waitFor } from "../../support/wait-for.ts";
import type { DrivenAgent } from "../driven-agent.ts";

export interface Run {
  /** The id of the run. */
  readonly run: string;
  readonly host: number;
  /** The CLI; of a CLI that is several processes, the one that was started. */
  readonly cli: number;
}

export async function runOf({ dataDir }: DrivenAgent): Promise<Run> {
  const { run, host, cli } = (await readRunFile(dataDir, id)) ?? {};
  if (run === undefined || host === undefined || cli === undefined) throw new Error("no run of ada");
  return { run, host: host.pid, cli: cli.pid };
}

/** The process of cliai's MCP server beside the CLI, once it runs. */
export async function bridgeOf(ada: DrivenAgent): Promise<number> {
  const { cli } = await runOf(ada);
  const look = () => descendantRunning(cli, "bridge").catch(() => undefined);
  return await waitFor(look, { what: "its bridge runs", saw: ada.processes });
}
