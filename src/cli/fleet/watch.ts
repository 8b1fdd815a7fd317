// `cliai watch`: prints the events of the stream AUDIT as they come, one line each, until Ctrl-C, or until nobody reads its
// output any more.
import { followAudit } from "../../audit/read-audit.ts";
import { parseAuditKind } from "../../domain/audit/audit-filter.ts";
import { matchesFilter, parseFilter } from "../../domain/fleet/shown/agent-filter.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { agentOfRecord } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import type { StreamMessage } from "../../nats/jetstream/follow.ts";
import { filterArgs } from "../audit/audit-args.ts";
import { createAlignedFeed, feedEntry } from "../audit/feed-lines.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { clockText, cut } from "../frame/terminal.ts";
import { clientArgs, withClient } from "./client.ts";
import { followFleet } from "./fleet-feed.ts";
import { createFleetReader, type FleetReader } from "./fleet-reading.ts";

export const watchCommand = defineCliCommand({
  name: "watch",
  description: "print each event of the fleet as it happens",
  args: {
    agent: { ...filterArgs.agent, description: "only events of this agent" },
    kind: { ...filterArgs.kind, description: filterArgs.kind.description.replace("records", "events") },
    filter: {
      type: "string",
      valueHint: "WORDS",
      description: "only events of the agents that match now, as with: cliai ls --filter",
    },
    failed: { type: "boolean", description: "only what went wrong: failures, refusals, errors, alerts" },
    ...clientArgs,
  },
  run: (args, context) => {
    const filter = {
      agent: args.agent === undefined ? undefined : parseAgentId(args.agent),
      kind: args.kind === undefined ? undefined : parseAuditKind(args.kind),
      failed: args.failed === true,
    };
    return withClient(args, context, async (bus, parts) => {
      const { json, print, isTerminal, columns } = context;
      const fleet = createFleetReader(bus, { ...context, note: () => undefined });
      const isShown = await watchMatching(bus, args.filter, context, parts);
      let line = createAlignedFeed(args.agent === undefined ? [] : [args.agent]);
      const show = (message: StreamMessage) => {
        if (!isShown(message)) return;
        if (json) return print(JSON.stringify(feedEntry(message)));
        const text = line(message, clockText(message.at));
        print(isTerminal ? cut(text, columns) : text);
      };
      const following = followAudit(bus, filter, "new", context.log, show);
      parts.defer(() => following.stop());
      await following.caughtUp;
      context.note("watching; Ctrl-C ends it");
      if (args.agent === undefined) line = createAlignedFeed(await knownIds(fleet));
      else await noteUnknown(args.agent, fleet, context);
      return await new Promise<never>(() => undefined);
    });
  },
});

/** Tells of a record whether its agent matches the filter at present. Without a filter, each record matches. */
async function watchMatching(
  bus: Bus,
  words: string | undefined,
  context: CliContext,
  parts: AsyncDisposableStack,
): Promise<(message: StreamMessage) => boolean> {
  if (words === undefined) return () => true;
  const filter = parseFilter(words);
  let matching: ReadonlySet<string> = new Set();
  parts.defer(
    await followFleet(bus, context, ({ views }) => {
      matching = new Set(views.filter((view) => matchesFilter(view, filter)).map(({ agent_id }) => agent_id));
    }),
  );
  return ({ subject }) => matching.has(agentOfRecord(subject) ?? "");
}

/** For the width of a column only, so no answer is no error. */
async function knownIds(fleet: FleetReader): Promise<string[]> {
  const { records } = await fleet.all().catch(() => ({ records: new Map<string, unknown>() }));
  return [...records.keys()];
}

/** The agent may come later, so this is no error. */
async function noteUnknown(id: string, fleet: FleetReader, { note }: CliContext): Promise<void> {
  try {
    await fleet.require(id);
  } catch (error) {
    if (!(error instanceof CliaiError) || error.code !== "agent_unknown") return;
    note(`${error.message} yet${error.hint === undefined ? "" : `; ${error.hint}`}`);
  }
}
