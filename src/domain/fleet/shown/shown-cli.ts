// Tells in which program an agent works.
import type { AgentRecord } from "../agent-record.ts";

export interface ShownCli {
  readonly name: string;
  readonly version: string | undefined;
}

/**
 * The agent CLI that cliai launched. If cliai did not launch the agent: the name by which the MCP client that started its bridge calls itself,
 * which may differ from cliai's name for that CLI. Undefined if the agent has reported neither.
 */
export function shownCli({
  heartbeat,
  cli,
  cli_version,
}: Pick<AgentRecord, "heartbeat" | "cli" | "cli_version">): ShownCli | undefined {
  if (heartbeat?.agent_cli !== undefined) {
    return { name: heartbeat.agent_cli, version: heartbeat.agent_cli_version };
  }
  return cli === undefined ? undefined : { name: cli, version: cli_version };
}

/** The name with the release: `codex 0.171.0`. */
export function cliText(record: Parameters<typeof shownCli>[0]): string | undefined {
  const shown = shownCli(record);
  return shown && [shown.name, shown.version].filter(Boolean).join(" ");
}
