// What has changed where agents work, in numbers, for the report of their work. Of an agent that works elsewhere, or in no repository, nothing is known.
import { readChanges } from "../../changes/read-changes.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { DiffStat } from "../../domain/report/report-lines.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { Environment } from "../../runtime.ts";
import type { ReadDiffs } from "../../server/reports/work-facts.ts";

/** The reading of so many repositories ends in time for the report. */
const mostAgents = 30;
const withinMs = 15_000;
const mostNamed = 5;

export async function readDiffStats(
  views: readonly AgentView[],
  options: { readonly dataDir: string; readonly env: Environment },
): ReturnType<ReadDiffs> {
  const untilMs = performance.now() + withinMs;
  const diffs = new Map<string, DiffStat>();
  const late: string[] = [];
  const gaps: string[] = [];
  for (const view of views) {
    const { agent_id } = view;
    if (diffs.size >= mostAgents || performance.now() > untilMs) {
      late.push(agent_id);
      continue;
    }
    try {
      const read = await readChanges(view, { lines: "none" }, { ...options, agents: views });
      const { files, more_files, added, deleted: removed, base, shared_with } = read;
      const count = { files: files.length + more_files, added, removed, base: base.name };
      diffs.set(agent_id, { ...count, ...(shared_with.length === 0 ? {} : { shared_with }) });
    } catch (error) {
      if (!isUnknown(error)) gaps.push(`what ${agent_id} has changed: ${messageOf(error)}`);
    }
  }
  if (late.length > 0) {
    const more = late.length - mostNamed;
    const whose = `${late.slice(0, mostNamed).join(", ")}${more > 0 ? ` and ${more} others` : ""}`;
    const why =
      diffs.size >= mostAgents ? `only ${mostAgents} agents are read` : "there was no time to read it";
    gaps.push(`what ${whose} changed: ${why}`);
  }
  return { diffs, gaps };
}

function isUnknown(error: unknown): boolean {
  return error instanceof CliaiError && (error.code === "refused" || error.code === "cli_missing");
}
