// This room is `cliai report`, and what serve needs for it.
//
// `cliai report`: what the agents did, what waits for a person, what was held and why; as Markdown.
import { readServeFile } from "../../data-dir/serve-file.ts";
import { reportMarkdown } from "../../domain/report/report-markdown.ts";
import { parseMomentMs } from "../../domain/text/moment.ts";
import { askReport } from "../../server/reports/report-desk.ts";
import { type ClientArgs, clientArgs, dataDirFor, withClient } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";

/** The address of the dashboard, for the links; undefined if it is not known, because only NATS was named. */
async function dashboardOf(args: ClientArgs, context: CliContext): Promise<string | undefined> {
  if (args.url !== undefined) return undefined;
  return (await readServeFile(dataDirFor(args, context)))?.url;
}

export const reportCommand = defineCliCommand({
  name: "report",
  description:
    "tell what each agent did (its tasks with their ends, what it changed, asked and spent), what waits for you, and what was held and why",
  args: {
    since: {
      type: "string",
      valueHint: "TIME",
      default: "8h",
      description: "since this time: 8h for eight hours ago, yesterday, or RFC 3339",
    },
    ...clientArgs,
  },
  example: "cliai report --since yesterday > morning.md",
  async run({ since, ...args }, context) {
    const sinceMs = parseMomentMs(since, "--since", context.now());
    return await withClient(args, context, async (bus) => {
      const report = await askReport(bus, sinceMs, () => context.note("the report takes a while"));
      if (context.json) context.print(JSON.stringify(report));
      else {
        const text = reportMarkdown(report, await dashboardOf(args, context));
        for (const line of text.trimEnd().split("\n")) context.print(plain(line));
      }
      return 0;
    });
  },
});
