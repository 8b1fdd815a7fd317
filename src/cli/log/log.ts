// This room is `cliai log`.
//
// `cliai log AGENT`: prints what an agent was told, did and said, oldest first, from the stream AUDIT.

import { followAudit, readAudit, readNewest } from "../../audit/read-audit.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { plainLines } from "../../domain/text/harmless.ts";
import { type AgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import { streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import type { StreamMessage } from "../../nats/jetstream/follow.ts";
import { readStreamFacts } from "../../nats/jetstream/read-stream.ts";
import type { StoredEntry } from "../../server/transcripts/transcripts.ts";
import { clientArgs, withClient } from "../fleet/client.ts";
import { createFleetReader } from "../fleet/fleet-reading.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { clockText, dayText, paint, plain } from "../frame/terminal.ts";
import { createLogReader, type LogEntry, logEntry } from "./log-entries.ts";
import { printTranscript, transcriptLine } from "./transcript-log.ts";

export const logCommand = defineCliCommand({
  name: "log",
  example: "cliai log ada --follow (cliai ls lists the agents)",
  description: "print what an agent was told, did and said",
  args: {
    agent: { type: "positional", required: true, description: "id of the agent" },
    follow: { type: "boolean", description: "keep printing new entries as they come" },
    last: { type: "boolean", description: "print only what the agent said last, in full" },
    transcript: {
      type: "boolean",
      description: "print the conversation as the agent's CLI records it: prompts, answers, calls",
    },
    ...clientArgs,
  },
  async run(args, context) {
    const id = parseAgentId(args.agent);
    const other = args.follow === true ? "--follow" : args.transcript === true ? "--transcript" : undefined;
    if (args.last === true && other !== undefined) {
      throw new CliaiError("usage", `--last and ${other} contradict each other`, {
        hint: "leave one of them out",
      });
    }
    return await withClient(args, context, async (bus, parts) => {
      if (args.last === true) return await printLast(bus, id, context);
      if (args.transcript === true) {
        await createFleetReader(bus, context).require(id);
        const printLine = createPrinter(context);
        const print = (entry: StoredEntry) =>
          context.json ? context.print(JSON.stringify(entry)) : printLine(transcriptLine(entry));
        return await printTranscript(bus, id, { log: context.log, follows: args.follow === true, print });
      }
      const print = createPrinter(context);
      const read = createLogReader();
      let next = (await readStreamFacts(bus, streams.audit)).last_seq + 1;
      let hasRecords = false;
      const show = (record: StreamMessage) => {
        hasRecords = true;
        next = Math.max(next, record.seq + 1);
        const entry = read(record);
        if (entry !== undefined) print(entry);
      };
      for await (const record of readAudit(bus, { agent: id })) show(record);
      // An agent that was removed still has its history, so an unknown id is not an error.
      if (!hasRecords) await createFleetReader(bus, context).require(id);
      if (args.follow !== true) return 0;
      const following = followAudit(bus, { agent: id }, next, context.log, show);
      parts.defer(() => following.stop());
      return await new Promise<never>(() => undefined);
    });
  },
});

async function printLast(bus: Bus, id: AgentId, context: CliContext): Promise<number> {
  const last = await readLastWords(bus, id);
  if (last !== undefined) {
    if (context.json) context.print(JSON.stringify(last));
    else for (const line of plainLines(last.text)) context.print(line);
    return 0;
  }
  await createFleetReader(bus, context).require(id);
  throw new CliaiError("failed", `${id} has said nothing yet`, { hint: `see what it does: cliai log ${id}` });
}

/** What the agent said last, up to 4,000 characters; undefined if it has said nothing. */
export async function readLastWords(bus: Bus, id: AgentId): Promise<LogEntry | undefined> {
  const [newest] = await readNewest(bus, { agent: id, kind: "said" }, 1);
  return newest && logEntry(newest);
}

const kindWidth = "told again".length;

type PrintedEntry = Pick<LogEntry, "at" | "again" | "what" | "from" | "text"> & { readonly kind: string };

/** Prints entries one after the other, with a line for each new day. */
function createPrinter({ json, color, print }: CliContext): (entry: PrintedEntry) => void {
  let day = "";
  return (entry) => {
    if (json) return print(JSON.stringify(entry));
    const today = dayText(entry.at);
    if (today !== day) print(paint(today, "dim", color));
    day = today;
    const lead = `${clockText(entry.at).slice(0, "14:03:22".length)}  `;
    const { kind, again, what, from, text } = entry;
    const by = from === undefined ? "" : ` by ${plain(from)}`;
    const head = what === undefined ? "" : `${plain(what)}${by}${text === "" ? "" : ": "}`;
    const [first = "", ...others] = plainLines(text);
    const word = paint(
      (again ? `${kind} again` : kind).padEnd(kindWidth),
      kind === "failed" ? "red" : "bold",
      color,
    );
    print(`${paint(lead, "dim", color)}${word}  ${head}${first}`.trimEnd());
    const indent = " ".repeat(lead.length + kindWidth + 2);
    for (const line of others) print((indent + line).trimEnd());
  };
}
