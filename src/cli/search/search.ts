// This room is `cliai search`, and what serve needs for it.
//
// `cliai search TEXT`: finds records by their words, newest first.
import { definedOf } from "../../domain/defined.ts";
import { mostHits, usualHits } from "../../domain/history/search-limits.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseMomentMs } from "../../domain/text/moment.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { parseQuery } from "../../search/query.ts";
import { parseSearchKind, searchKinds } from "../../search/record-text.ts";
import type { SearchAnswer, SearchAsk, SearchHit } from "../../search/search.ts";
import { clientArgs, withClient } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { clockText, dayText, paint, plain } from "../frame/terminal.ts";
import { askSearch } from "./search-desk.ts";

const example = `cliai search '"no answer" rout*' --since 2d`;

const args = {
  text: {
    type: "positional",
    required: true,
    description:
      'words that a record must have, "phrases", and beginnings of words with a star; more arguments are more words',
  },
  agent: { type: "string", valueHint: "ID", description: "only records of this agent" },
  kind: {
    type: "string",
    valueHint: "KIND",
    description: `only records of this kind: ${searchKinds.slice(0, 6).join(", ")}, …`,
  },
  since: {
    type: "string",
    valueHint: "TIME",
    description: "only records since this time: RFC 3339, 2h for two hours ago, or yesterday",
  },
  project: {
    type: "string",
    valueHint: "DIR",
    description: "only records of the agents that work in this project: its path, or the last part of it",
  },
  limit: {
    type: "string",
    valueHint: "N",
    description: `print this many records (default ${usualHits}, at most ${mostHits})`,
  },
  ...clientArgs,
} as const;

export const searchCommand = defineCliCommand({
  name: "search",
  example,
  description: "find what was said and done, by words; newest first",
  args,
  takesMore: true,
  async run(given, context, more) {
    const ask = readAsk(given, more, context);
    return await withClient(given, context, async (bus) => {
      const answer = await askSearch(bus, ask, () => context.note("the search takes a while"));
      if (context.json) context.print(JSON.stringify(answer));
      else printAnswer(answer, ask, context);
      return 0;
    });
  },
});

/** @throws CliaiError `usage`, `agent_id_invalid` */
function readAsk(given: Arguments<typeof args>, more: readonly string[], { now }: CliContext): SearchAsk {
  const text = [given.text, ...more].map(asPhrase).join(" ");
  parseQuery(text);
  const { agent, kind, since, project, limit } = given;
  return {
    text,
    ...definedOf({
      agent: agent === undefined ? undefined : parseAgentId(agent),
      kind: kind === undefined ? undefined : parseSearchKind(kind),
      since: since === undefined ? undefined : new Date(parseMomentMs(since, "--since", now())).toISOString(),
      project,
      limit: limit === undefined ? undefined : parseLimit(limit),
    }),
  };
}

/** The shell has removed the quotation marks of a phrase, so an argument with a blank in it was one. */
function asPhrase(argument: string): string {
  if (argument.includes('"') || !/\S\s+\S/.test(argument)) return argument;
  const [, words = "", star = ""] = /^(.*?)(\*?)\s*$/s.exec(argument) ?? [];
  return `"${words}"${star}`;
}

function parseLimit(text: string): number {
  const limit = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (limit >= 1 && limit <= mostHits) return limit;
  throw new CliaiError("usage", `--limit "${text}" is not a number from 1 to ${mostHits}`, {
    hint: "such as --limit 100",
  });
}

function printAnswer(answer: SearchAnswer, { text, since }: SearchAsk, context: CliContext): void {
  const { print, note, color } = context;
  const { hits, more, more_at_least, searched_since, older_are, waiting } = answer;
  let day = "";
  for (const hit of hits) {
    const today = dayText(hit.at);
    if (today !== day) print(paint(today, "dim", color));
    day = today;
    print(hitLine(hit, color));
  }
  if (hits.length === 0) note(`nothing kept has ${text}`);
  if (more > 0)
    note(
      `+${more}${more_at_least ? " or more" : ""} older: add --limit ${Math.min(mostHits, hits.length + more)}, or more words`,
    );
  if (waiting > 0) note(`${waiting} records are not in the index yet: search again in a moment`);
  const isCut =
    older_are !== null && searched_since !== null && (since === undefined || since < searched_since);
  if (isCut)
    note(
      older_are === "removed"
        ? `records before ${searched_since} are not kept any more`
        : `records before ${searched_since} are kept, but not in the index, which is full`,
    );
}

function hitLine({ at, agent_id, kind, snippet, of_removed }: SearchHit, color: boolean): string {
  const clock = clockText(at).slice(0, "14:03:22".length);
  const words = snippet
    .map(({ text, hit }) => (hit ? paint(plain(text), "bold", color) : plain(text)))
    .join("");
  const removed = of_removed === true ? " (removed)" : "";
  const who = agent_id === undefined ? "" : `${plain(agent_id)}${removed}  `;
  return `${paint(clock, "dim", color)}  ${who}${paint(plain(kind.replaceAll("_", " ")), "dim", color)}  ${words}`;
}
