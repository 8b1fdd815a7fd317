// This room makes the report of what agents did in a time: for the page, the command and the API. Pure.
//
// From the recorded history and the state of the fleet: what each agent was given, how that ended, what it asked and spent; what waits; what was
// held, and why. Each line has the address of its evidence.
import { definedOf } from "../defined.ts";
import { listNeeds } from "../fleet/needs/fleet-needs.ts";
import { needText } from "../fleet/needs/need.ts";
import { answerText } from "../request-answer.ts";
import { type AgentRequest, openRequestOf } from "../requests.ts";
import { sumOf } from "../spending/spending-report.ts";
import { summaryOf } from "../text/summary.ts";
import { agentEvidence, requestEvidence } from "./evidence.ts";
import { heldLines } from "./held-lines.ts";
import type { AgentReport, QuestionLine, ReportFacts, WorkReport } from "./report-lines.ts";
import { taskLines } from "./task-lines.ts";
import { troubleLines } from "./trouble-lines.ts";

export function makeWorkReport(facts: ReportFacts): WorkReport {
  const { sinceMs, now, views, sessions, gaps } = facts;
  const tasks = Map.groupBy(taskLines(facts), ({ agent_id }) => agent_id);
  const troubles = Map.groupBy(troubleLines(facts), ({ agent_id }) => agent_id);
  const ofTime = facts.requests.filter((each) => isOfTime(each, sinceMs));
  const questions = Map.groupBy(ofTime, ({ agent_id }): string => agent_id);
  const spent = Map.groupBy(sessions, ({ agent_id }) => agent_id);
  const span = { fromMs: sinceMs, toMs: Number.POSITIVE_INFINITY };
  const byId = new Map(views.map((view) => [view.agent_id as string, view]));
  const ids = new Set<string>([
    ...byId.keys(),
    ...tasks.keys(),
    ...troubles.keys(),
    ...questions.keys(),
    ...spent.keys(),
  ]);
  const agents = [...ids].sort().flatMap((agent_id): AgentReport[] => {
    const view = byId.get(agent_id);
    const { tokens, cost } = sumOf(spent.get(agent_id) ?? [], span);
    const own = {
      tasks: tasks.get(agent_id) ?? [],
      questions: (questions.get(agent_id) ?? []).map(questionLine),
      troubles: troubles.get(agent_id) ?? [],
    };
    if (tokens === 0 && Object.values(own).every((lines) => lines.length === 0)) return [];
    const known = view && { status: view.status, profile: view.config_name, project: view.project_path };
    const href = view === undefined ? `/timeline?agent=${agent_id}` : `/agents/${agent_id}`;
    return [
      { agent_id, href, ...known, ...own, tokens, ...definedOf({ cost, diff: facts.diffs.get(agent_id) }) },
    ];
  });
  const all = agents.flatMap((agent) => agent.tasks);
  const total = sumOf(sessions, span);
  return {
    at: now.toISOString(),
    since: new Date(sinceMs).toISOString(),
    agents,
    quiet_agents: views.filter(({ agent_id }) => !agents.some((each) => each.agent_id === agent_id)).length,
    waiting: listNeeds(views).map((need) => ({
      agent_id: need.agent_id,
      since: need.since,
      text: needText(need),
      ...(need.request_id === undefined ? agentEvidence(need.agent_id) : requestEvidence(need.request_id)),
    })),
    held: heldLines(facts),
    totals: {
      tasks: all.length,
      done: all.filter(({ state }) => state === "applied").length,
      failed: all.filter(({ state }) => state === "failed" || state === "refused" || state === "expired")
        .length,
      tokens: total.tokens,
      ...definedOf({ cost: total.cost }),
      ...{ cost_told_by: total.told, spenders: total.agents },
    },
    gaps,
  };
}

function isOfTime({ asked_at, ended_at, state }: AgentRequest, sinceMs: number): boolean {
  return state === "asked" || Math.max(Date.parse(asked_at), Date.parse(ended_at ?? asked_at)) >= sinceMs;
}

function questionLine(request: AgentRequest): QuestionLine {
  const { request_id, asked_at: at, kind, state, answer } = request;
  return {
    ...{ request_id, at, kind, state, text: openRequestOf(request).summary },
    ...(answer === undefined ? {} : { answer: summaryOf(answerText(request)), by: answer.by }),
    ...requestEvidence(request_id),
  };
}
