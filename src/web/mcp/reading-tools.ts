// The tools of the operator's MCP server that only read.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { findRequest } from "../../domain/find-request.ts";
import { listNeeds } from "../../domain/fleet/needs/fleet-needs.ts";
import { matchesFilter, parseFilter } from "../../domain/fleet/shown/agent-filter.ts";
import { countSections } from "../../domain/fleet/shown/sections.ts";
import { mostHits, usualHits } from "../../domain/history/search-limits.ts";
import { makeTimeline, readHistoryQuery } from "../api/reports/timeline-report.ts";
import { searchAskFrom } from "../api/search-query.ts";
import { readTranscriptQuery } from "../api/transcript-query.ts";
import { agentIdText, described, type OperatorTool, operatorTool } from "./operator-tool.ts";
import {
  listedAgent,
  listedRequest,
  shownAgent,
  shownAnswer,
  shownBudget,
  shownEntry,
  shownFleetNeed,
  shownLine,
  shownRequest,
} from "./shown-agents.ts";

const agentsListed = 200;
/** The history of a fleet is long, and a client's context is not. */
const usualLines = 50;
const mostLines = 500;

const moment = "RFC 3339, or a duration before now such as 2h";
const count = (most: number, usual: number) =>
  v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most), v.description(`default ${usual}`)),
  );
const reading = { readOnlyHint: true, openWorldHint: false } as const;

/** What was left out counts as not asked for, as in the address of the API. */
function queryOf(args: Readonly<Record<string, unknown>>): Record<string, string> {
  const given = Object.entries(args).filter(([, value]) => value !== undefined && value !== false);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

export const readingTools: readonly OperatorTool[] = [
  operatorTool({
    name: "list_agents",
    title: "List the agents",
    description:
      "Lists the agents of the fleet with their status, and counts those that wait for a person. The filter has words, status:working, project:, profile:, tag:, machine:, cli:, and -word to leave out.",
    schema: v.object({
      filter: v.optional(described("such as: status:needs-you -tag:api")),
    }),
    hints: reading,
    run({ filter = "" }, { server }) {
      const views = server.fleet.list();
      const terms = parseFilter(filter);
      const found = views.filter((view) => matchesFilter(view, terms));
      return {
        counts: { all: views.length, found: found.length, in_need: countSections(views).agentsInNeed },
        agents: found.slice(0, agentsListed).map(listedAgent),
        ...(found.length > agentsListed ? { not_shown: found.length - agentsListed } : {}),
      };
    },
  }),
  operatorTool({
    name: "show_agent",
    title: "Show an agent",
    description:
      "Shows one agent: its status with the evidence, its last orders and how far each has come, its last events, and its budgets with what is left of them.",
    schema: v.object({ agent_id: agentIdText }),
    hints: reading,
    run({ agent_id }, { server }) {
      const view = server.fleet.require(agent_id);
      const { agent_id: id } = view;
      return shownAgent(view, server.fleet.timeline(id), server.budgets.of(id));
    },
  }),
  operatorTool({
    name: "list_budgets",
    title: "List the budgets",
    description:
      "Lists the budgets of the fleet, the oldest first: for whom each is, what was spent of it in its present run, day or month, how much of that is an estimate, and what is left.",
    schema: v.object({}),
    hints: reading,
    run: (_args, { server }) => ({ budgets: server.budgets.list().map(shownBudget) }),
  }),
  operatorTool({
    name: "read_log",
    title: "Read the log",
    description:
      "Reads the recorded history, newest first: orders, receipts, reports, messages, tool calls; of one agent or of all. `older` of the answer is the `before` of the next page.",
    schema: v.object({
      agent_id: v.optional(agentIdText),
      kind: v.optional(described("only this kind, such as command, message, said, tool_failed")),
      since: v.optional(described(moment)),
      until: v.optional(described(moment)),
      text: v.optional(described("only records with this text")),
      failed: v.optional(v.pipe(v.boolean(), v.description("only failures"))),
      before: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
      limit: count(mostLines, usualLines),
    }),
    hints: reading,
    async run({ agent_id, limit = usualLines, ...args }, { server, now }) {
      const query = queryOf({ ...args, agent: agent_id, limit });
      const asked = { asked: (name: string) => query[name], zone: "UTC" };
      const { lines, ...page } = await makeTimeline(server.history, readHistoryQuery(asked, now()));
      return { lines: lines.map(shownLine), ...page };
    },
  }),
  operatorTool({
    name: "read_transcript",
    title: "Read a conversation",
    description:
      "Reads the conversation of an agent's session with its model, the newest entries, oldest first. Empty if the profile of the agent keeps none.",
    schema: v.object({
      agent_id: agentIdText,
      before: v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.description("only entries before this seq")),
      ),
      limit: count(mostLines, usualLines),
    }),
    hints: reading,
    async run({ agent_id, limit = usualLines, before }, { server, now }) {
      const view = server.fleet.require(agent_id);
      const query = readTranscriptQuery(queryOf({ before, limit }), now());
      const { entries, ...page } = await server.transcripts.read(view.agent_id, query);
      return { agent_id: view.agent_id, entries: entries.map(shownEntry), ...page };
    },
  }),
  operatorTool({
    name: "inbox",
    title: "Read the inbox",
    description:
      "Lists what waits for a person: the open requests (questions, permissions, stop approvals), and all that agents need one for. Oldest first.",
    schema: v.object({}),
    hints: reading,
    run(_args, { server }) {
      const requests = server.requests.open();
      const needs = listNeeds(server.fleet.list());
      return { requests: requests.map(listedRequest), needs: needs.map(shownFleetNeed) };
    },
  }),
  operatorTool({
    name: "show_request",
    title: "Show a request",
    description:
      "Shows one request in full, open or ended: what is asked, and the input of the tool that it is about.",
    schema: v.object({ request_id: described("the request's id, or its first four characters or more") }),
    hints: reading,
    run: ({ request_id }, { server }) => shownRequest(findRequest(request_id, server.requests.all())),
  }),
  operatorTool({
    name: "search",
    title: "Search everything that is kept",
    description:
      'Finds records by their words, newest first: words that a record must have, "phrases", and beginnings of words with a star.',
    schema: v.object({
      text: described('such as: "no answer" rout*'),
      agent_id: v.optional(agentIdText),
      kind: v.optional(described("only this kind of record")),
      project: v.optional(described("only agents that work in this project")),
      since: v.optional(described(moment)),
      limit: count(mostHits, usualHits),
    }),
    hints: reading,
    async run({ agent_id, limit, ...args }, { search, now }) {
      const query = queryOf({ ...args, ...definedOf({ agent: agent_id, limit }) });
      return shownAnswer(await search.search(searchAskFrom(query, now())));
    },
  }),
];
