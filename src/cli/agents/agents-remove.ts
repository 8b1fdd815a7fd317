// `cliai agents remove AGENT… | --ended`: removes the named agents. With --ended it removes all that do not run any more; it asks first.
import type { ArgsDef } from "citty";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseDurationMs } from "../../domain/text/moment.ts";
import { type AgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject, streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { removeSubject } from "../../nats/jetstream/stream-messages.ts";
import { noteForgotten } from "../../search/forgotten.ts";
import { searchSources } from "../../search/sources.ts";
import { wasRemoved } from "../../server/removed-agents.ts";
import { clientArgs, dataDirFor, withClient } from "../fleet/client.ts";
import { createFleetReader, type FleetReader, viewsOf } from "../fleet/fleet-reading.ts";
import { askYes } from "../frame/ask-yes.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { fleetTable } from "../ls/fleet-table.ts";
import { askToForget } from "../search/search-desk.ts";
import { checkRemovable, removeWithCredentials } from "./agent-removal.ts";

const removeArgs = {
  agent: {
    type: "positional",
    required: false,
    description: "ids of the agents; leave them out with --ended",
  },
  ended: {
    type: "boolean",
    description: "remove all agents that have ended, crashed, were stopped or failed to start; asks first",
  },
  "older-than": {
    type: "string",
    valueHint: "TIME",
    description:
      "with --ended: remove only those that were last heard of longer ago than this, such as 1h or 2d",
  },
  purge: {
    type: "boolean",
    description:
      "also remove their transcripts, and drop their records from the search; the signed history keeps its own",
  },
  yes: { type: "boolean", description: "with --ended: do not ask" },
  force: { type: "boolean", description: "remove the named agents even if they still run" },
  ...clientArgs,
} as const satisfies ArgsDef;

const removeExample = "cliai agents remove ada, or: cliai agents remove --ended --older-than 1h";

type RemoveArgs = Arguments<typeof removeArgs>;

export const removeCommand = defineCliCommand({
  name: "agents remove",
  example: removeExample,
  description: "remove agents with their state, queue, credentials and files; the recorded history stays",
  args: removeArgs,
  takesMore: true,
  async run(args, context, more) {
    const ids = [...new Set([...(args.agent === undefined ? [] : [args.agent]), ...more].map(parseAgentId))];
    const olderThanMs = readFlags(args, ids);
    const dataDir = dataDirFor(args, context);
    await withClient(args, context, async (bus) => {
      const fleet = createFleetReader(bus, context);
      const parts: Parts = { bus, fleet, dataDir, purges: args.purge === true, context };
      if (args.ended === true) return await removeEnded(parts, olderThanMs, args.yes === true);
      const force = args.force === true;
      const gone = new Set<AgentId>();
      // Check all agents before the first one is removed, so that an error leaves them all.
      for (const id of ids) {
        if (await isGone(parts, id)) gone.add(id);
        else await checkRemovable(fleet, id, { dataDir, force });
      }
      for (const id of ids) await remove(parts, id, gone.has(id));
    });
    return 0;
  },
});

interface Parts {
  readonly bus: Bus;
  readonly fleet: FleetReader;
  readonly dataDir: string;
  /** Whether their records are dropped from the search, too. */
  readonly purges: boolean;
  readonly context: CliContext;
}

/** Returns the time of `--older-than` in ms; 0 without it. @throws CliaiError `usage` for flags that do not fit together */
function readFlags(args: RemoveArgs, ids: readonly AgentId[]): number {
  const isEnded = args.ended === true;
  if (isEnded === ids.length > 0) {
    const message = isEnded
      ? `--ended takes no AGENT, but "${ids[0]}" is given`
      : "agents remove needs AGENT, or --ended";
    throw usage(message, removeExample);
  }
  const only = (["older-than", "yes"] as const).find(
    (name) => args[name] !== undefined && args[name] !== false,
  );
  if (!isEnded && only !== undefined)
    throw usage(`--${only} is given without --ended`, "leave it out, or name no agent and add --ended");
  if (isEnded && args.force === true)
    throw usage(
      "--force cannot be used with --ended, which removes only agents that do not run",
      "leave one of them out",
    );
  const { "older-than": text } = args;
  if (text === undefined) return 0;
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms;
  throw usage(`--older-than "${text}" is not a duration`, "such as --older-than 1h, 30m or 2d");
}

function usage(message: string, hint: string): CliaiError {
  return new CliaiError("usage", message, { hint });
}

/** The statuses of an agent that has ended. Not `disconnected` and `silent`, because such an agent may still run. */
const endedWords: readonly string[] = ["ended", "crashed", "stopped", "failed_to_start"];

/** Whether the agent does not run any more, and was last heard of before that time. */
export function hasEnded(
  { status, last_seen, first_seen }: AgentView,
  olderThanMs: number,
  now: Date,
): boolean {
  return endedWords.includes(status) && now.getTime() - Date.parse(last_seen ?? first_seen) >= olderThanMs;
}

async function removeEnded(parts: Parts, olderThanMs: number, isSure: boolean): Promise<void> {
  const { fleet, dataDir, context } = parts;
  const reading = await fleet.all();
  const ended = viewsOf(reading).filter(
    (agent) => hasEnded(agent, olderThanMs, reading.now) && !isAgentHeld(dataDir, agent.agent_id),
  );
  if (ended.length === 0) {
    if (context.json) return;
    context.note(
      olderThanMs === 0 ? "no agent has ended" : "no agent that has ended was last heard of before that time",
    );
    return;
  }
  if (!isSure) {
    for (const line of fleetTable(ended, reading.now, context)) context.note(line);
    const count = ended.length === 1 ? "this agent" : `these ${ended.length} agents`;
    const isAnswered = await askYes(`remove ${count}, with queue, credentials and files?`, context);
    if (!isAnswered) {
      context.note("nothing was removed");
      return;
    }
  }
  for (const { agent_id } of ended) {
    // The agent may have been started again while the question was asked.
    await checkRemovable(fleet, agent_id, { dataDir, force: false });
    await remove(parts, agent_id);
  }
}

/** Whether there is nothing left of the agent but what `--purge` removes: it was removed without it, or the purge has failed. */
async function isGone({ bus, fleet, purges }: Parts, id: AgentId): Promise<boolean> {
  return purges && (await fleet.find(id)) === undefined && (await wasRemoved(bus, id));
}

async function remove({ bus, fleet, dataDir, purges, context }: Parts, id: AgentId, isRemoved = false) {
  const { json, print, log, now } = context;
  if (!isRemoved) await removeWithCredentials(bus, fleet, id, { dataDir, now, log });
  if (purges) await purge(bus, id, context);
  print(json ? JSON.stringify({ agent_id: id, removed: true }) : `${id}: removed`);
}

/** Removes the agent's transcript, and has the search drop its records. If no serve can be asked now, the note alone is enough: it drops them later. */
async function purge(bus: Bus, id: AgentId, { now, note }: CliContext): Promise<void> {
  await removeSubject(bus, streams.transcripts, agentSubject(id, "transcript"));
  await noteForgotten(bus, id, searchSources, now());
  try {
    await askToForget(bus, id);
  } catch (error) {
    if (!(error instanceof CliaiError)) throw error;
    note(`${id}: the search drops its records when it can: ${error.message}`);
  }
}
