// What the operator's MCP server tells of agents and requests. Each value that an agent can write stands below a key `untrusted`, because the
// assistant that reads it must not take it for the words of the person whom it works for. Pure.
import type { AgentBudget } from "../../domain/budgets/budget-view.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { Axes, Reading } from "../../domain/fleet/axes.ts";
import type { FleetNeed } from "../../domain/fleet/needs/fleet-needs.ts";
import type { Need } from "../../domain/fleet/needs/need.ts";
import type { TimelineLine } from "../../domain/history/record-line.ts";
import type { CommandRecord } from "../../domain/receipts.ts";
import { type AgentRequest, expiryText, isOpen } from "../../domain/requests.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import { isAgentId } from "../../domain/wire/agent-id.ts";
import type { SearchAnswer, SearchHit } from "../../search/search.ts";
import type { TimelineEntry } from "../../server/server.ts";
import type { StoredEntry } from "../../server/transcripts/transcripts.ts";

/** How much of one text of an agent stands in a list. */
const listedLength = 500;
/** How many of an agent's orders are shown, the newest. */
const ordersShown = 20;

/** An agent in a list. */
export function listedAgent(view: AgentView) {
  const { agent_id, status, axes, last_seen, queued, needs, task } = view;
  return {
    agent_id,
    status,
    link: axes.link.value,
    last_seen,
    queued,
    needs: needs.map(shownNeed),
    untrusted: {
      task: beginningOf(task.text, listedLength),
      profile: view.config_name,
      project: view.project_path,
      ...(view.tags.length === 0 ? {} : { tags: view.tags }),
    },
  };
}

/** One agent with its last orders and events. */
export function shownAgent(
  view: AgentView,
  timeline: readonly TimelineEntry[],
  budgets: readonly AgentBudget[],
) {
  const { first_seen, run_started_at, axes, commands, task } = view;
  const { untrusted, ...listed } = listedAgent(view);
  return {
    ...listed,
    ...{ first_seen, run_started_at },
    axes: mapAxes(axes, ({ value, source, at, age_s }) => ({ value, source, at, age_s })),
    orders: commands.slice(-ordersShown).map(shownOrder),
    budgets: budgets.map(shownBudget),
    untrusted: {
      ...untrusted,
      task: task.text,
      why: mapAxes(axes, ({ reason }) => reason),
      ...{ cli: view.cli, cli_version: view.cli_version, machine: view.host, session_id: view.session_id },
      ...{ progress: view.progress, last_words: view.last_words, usage: view.usage },
      timeline: timeline.map(({ at, kind, text }) => ({ at, kind, text })),
    },
  };
}

/** A budget with what was spent of it and what is left. Profiles, projects, runs and models have names that an agent may have made up. */
export function shownBudget({
  budget_id,
  scope,
  made_by,
  now,
  ...budget
}: AgentBudget & { agents?: string[] }) {
  const { unit, amount, per, hard, agents } = budget;
  return {
    ...{ budget_id, for: scope.kind, unit, amount, per, hard, agents },
    now: now.map(({ agent_id, from, to, amount, spent, left, over, level, ...sum }) => ({
      ...{ agent_id, from, to, amount, spent, left, over, level },
      ...{ estimated: sum.estimated, unpriced_tokens: sum.unpriced_tokens },
      untrusted: { unpriced_models: sum.unpriced_models },
    })),
    untrusted: { name: scope.name, made_by },
  };
}

function mapAxes<Shown>(
  { link, activity, control, attention }: Axes,
  show: (axis: Reading<string>) => Shown,
) {
  return {
    link: show(link),
    activity: show(activity),
    control: show(control),
    attention: show(attention),
  };
}

/** An order to an agent, and how far it has come. Its words are untrusted too, because captains give orders as well. */
export function shownOrder({
  command_id,
  type,
  issued_at,
  expires_at,
  from,
  summary,
  receipts,
}: CommandRecord) {
  return {
    ...{ command_id, type, issued_at, expires_at },
    receipts: receipts.map(({ state, at }) => ({ state, at })),
    untrusted: { from, text: summary, detail: receipts.at(-1)?.detail },
  };
}

function shownNeed({ kind, since, request_id, at_terminal, reason, hint }: Need) {
  return {
    ...{ kind, since, request_id, at_terminal },
    untrusted: { reason: beginningOf(reason, listedLength), hint },
  };
}

/** A need in the list of all agents' needs. */
export function shownFleetNeed({ agent_id, blocks, ...need }: FleetNeed) {
  const { orders, agents, captains } = blocks;
  return { agent_id, ...shownNeed(need), blocks: { orders, agents, captains } };
}

/** A request in a list: the beginning of what it asks. */
export function listedRequest(request: AgentRequest) {
  return shownRequest(request, listedLength);
}

/** @param length how much of each text is shown; default: all of it */
export function shownRequest(request: AgentRequest, length = Number.POSITIVE_INFINITY) {
  const { request_id, agent_id, kind, state, asked_at, expires_at, holds_turn, escalated, answer } = request;
  const cut = (text: string | undefined) => (text === undefined ? undefined : beginningOf(text, length));
  return {
    ...{ request_id, agent_id, kind, state, asked_at, expires_at, holds_turn },
    ...(isOpen(request) ? { without_an_answer: expiryText(request) } : {}),
    ...(escalated === undefined ? {} : { escalated_at: escalated.at }),
    ...(answer === undefined ? {} : { answered: { at: answer.at, approved: answer.approved } }),
    untrusted: {
      question: cut(request.question),
      tool: request.tool,
      context: cut(request.context),
      choices: request.choices,
      questions: request.questions,
      ...(escalated === undefined ? {} : { escalated: { by: escalated.by, reason: escalated.reason } }),
      ...(answer === undefined
        ? {}
        : { answer: { by: answer.by, text: answer.text, reason: answer.reason } }),
      withdrawn_because: request.withdrawn_because,
    },
  };
}

export function shownLine({ seq, at, agent_id, is_failure, took_ms, is_open, ...words }: TimelineLine) {
  const { kind, what, from, text } = words;
  return {
    ...{ seq, at, is_failure, took_ms, is_open },
    ...(isAgentId(agent_id) ? { agent_id } : {}),
    untrusted: { kind, what, from, text },
  };
}

export function shownEntry({ seq, at, kind, tool, title, text, cut, is_error, subagent }: StoredEntry) {
  return { seq, at, untrusted: { kind, tool, title, text, cut, is_error, subagent } };
}

/** What was searched for stands between « and ». */
export function shownAnswer({ hits, ...rest }: SearchAnswer) {
  return { hits: hits.map(shownHit), ...rest };
}

function shownHit({ stream, seq, at, agent_id, kind, of_removed, snippet }: SearchHit) {
  const text = snippet.map((part) => (part.hit === true ? `«${part.text}»` : part.text)).join("");
  return { stream, seq, at, agent_id, of_removed, untrusted: { kind, text } };
}
