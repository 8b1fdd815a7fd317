// This room is `cliai diff` and `cliai changes`.
//
// `cliai diff AGENT`: prints what an agent has changed, as a patch or as a list of files.
import { readChanges } from "../../changes/read-changes.ts";
import { baseText, type ChangesReport } from "../../domain/changes/changes-report.ts";
import { countText } from "../../domain/text/amounts.ts";
import { clientArgs, dataDirFor } from "../fleet/client.ts";
import { viewOf, viewsOf } from "../fleet/fleet-reading.ts";
import { showFleet } from "../fleet/last-known.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { patchLines, statLines } from "./patch-lines.ts";

export const diffCommand = defineCliCommand({
  name: "diff",
  example: "cliai diff ada --stat (cliai ls lists the agents)",
  description: "print what an agent has changed: its commits, what is not committed, and new files",
  args: {
    agent: { type: "positional", required: true, description: "id of the agent" },
    stat: { type: "boolean", description: "list the files with the counts of their lines" },
    base: {
      type: "string",
      valueHint: "REF",
      description:
        "show the changes since the work left this branch or commit (default: where the agent's own branch left, else the last commit)",
    },
    turn: {
      type: "string",
      valueHint: "N",
      description: "show only the changes of one turn: 1 is the last one, 2 the one before",
    },
    file: { type: "string", valueHint: "PATH", description: "only this file, relative to the repository" },
    ...clientArgs,
  },
  run: (args, context) =>
    showFleet(
      args,
      context,
      async (fleet) => {
        const reading = await fleet.require(args.agent);
        const ask = {
          ...{ base: args.base, turn: args.turn, file: args.file },
          lines: args.stat === true ? ("none" as const) : ("all" as const),
        };
        const options = {
          dataDir: dataDirFor(args, context),
          env: context.env,
          agents: viewsOf(await fleet.all()),
        };
        return { ...reading, report: await readChanges(viewOf(reading), ask, options) };
      },
      ({ report }) => printChanges(report, args.stat === true, context),
    ),
});

function printChanges(
  report: ChangesReport,
  isStat: boolean,
  { json, color, print, note }: CliContext,
): void {
  if (json) {
    print(JSON.stringify(report));
    return;
  }
  for (const line of isStat ? statLines(report, color) : patchLines(report, color)) print(line);
  note(summaryLine(report));
  if (report.shared_with.length > 0)
    note(`in the same files work: ${report.shared_with.join(", ")}; these may be their changes, too`);
}

function summaryLine({ files, more_files, added, deleted, root, branch, base }: ChangesReport): string {
  const count = files.length + more_files;
  const what =
    count === 0
      ? "nothing has changed"
      : `${count === 1 ? "1 file" : `${countText(count)} files`}, +${countText(added)} −${countText(deleted)}`;
  const more = more_files === 0 ? "" : ` (${countText(more_files)} of them are not listed)`;
  const on = branch === undefined ? "without a branch" : `on ${plain(branch)}`;
  return `${what}${more} in ${plain(root)}, ${on}, since ${plain(baseText(base))}`;
}
