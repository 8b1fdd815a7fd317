/** @jsxImportSource hono/jsx */
// This room is the page of what the agents did in a time: their tasks with their ends, what waits, what was held and why.
//
// The page itself. It is made whole on the server, and does not change while it is open.

import type { Child } from "hono/jsx";
import { changesHref, spentHref } from "../../../domain/report/evidence.ts";
import type {
  AgentReport,
  Evidence,
  HeldLine,
  TaskLine,
  WaitingLine,
  WorkReport,
} from "../../../domain/report/report-lines.ts";
import {
  diffText,
  heldText,
  questionText,
  spentText,
  taskEnd,
  timesText,
  totalsText,
} from "../../../domain/report/report-words.ts";
import { Age, Moment } from "../parts/time.tsx";

/** The spans that the page offers. */
const spans = [
  ["8h", "8 hours"],
  ["1d", "A day"],
  ["3d", "3 days"],
  ["1w", "A week"],
] as const;

export interface ReportPageProps {
  readonly report: WorkReport;
  /** As it was asked for: `8h`. */
  readonly asked: string;
}

export function ReportPage({ report, asked }: ReportPageProps) {
  const { agents, waiting, held, gaps, quiet_agents, since, at } = report;
  const now = new Date(at);
  const query = `since=${encodeURIComponent(asked)}`;
  return (
    <div id="work-report" class="report work-report">
      <div class="report-head">
        <h1>Report</h1>
        <p class="quiet">
          since <Moment at={since} /> · <a href={`/api/report?${query}&format=markdown`}>Markdown</a> ·{" "}
          <a href={`/api/report?${query}`}>JSON</a>
        </p>
      </div>
      <nav class="choices" aria-label="Time">
        <ul class="picks">
          {spans.map(([value, name]) => (
            <li>
              <a href={`/report?since=${value}`} aria-current={value === asked ? "true" : undefined}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <p class="burn">
        <a href="/costs">{totalsText(report)}</a>
      </p>
      {gaps.length > 0 && (
        <ul class="attention plain-list" aria-label="Not in this report">
          {gaps.map((gap) => (
            <li>Not in this report: {gap}.</li>
          ))}
        </ul>
      )}
      <Waiting lines={waiting} now={now} />
      {agents.map((agent) => (
        <AgentPart agent={agent} now={now} />
      ))}
      <Held lines={held} now={now} />
      {agents.length === 0 && (
        <div class="panel">
          <p>
            <b>Nothing was done in this time.</b>
          </p>
        </div>
      )}
      {agents.length > 0 && quiet_agents > 0 && (
        <p class="further quiet">
          {quiet_agents} other {quiet_agents === 1 ? "agent" : "agents"} did nothing in this time.
        </p>
      )}
    </div>
  );
}

function Waiting({ lines, now }: { lines: readonly WaitingLine[]; now: Date }) {
  if (lines.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="title-waiting">
      <h2 id="title-waiting">Waits for you</h2>
      <ul class="did">
        {lines.map((line) => (
          <Line evidence={line} at={line.since} now={now}>
            <b>{line.agent_id}</b> {line.text}
          </Line>
        ))}
      </ul>
    </section>
  );
}

function AgentPart({ agent, now }: { agent: AgentReport; now: Date }) {
  const { agent_id, status, href, project, tasks, questions, troubles, diff } = agent;
  const spent = spentText(agent);
  return (
    <section class="panel" aria-labelledby={`did-${agent_id}`}>
      <h2 id={`did-${agent_id}`}>
        <a href={href}>{agent_id}</a>
      </h2>
      <p class="quiet">
        {status ?? "removed"}
        {spent !== "" && " · "}
        {spent !== "" && (status === undefined ? spent : <a href={spentHref(agent_id)}>{spent}</a>)}
        {diff !== undefined && (
          <>
            {" · "}
            <a href={changesHref(agent_id)}>{diffText(diff)}</a>
          </>
        )}
        {project !== undefined && (
          <>
            <br />
            {project}
          </>
        )}
      </p>
      <ul class="did">
        {tasks.map((task) => (
          <Line evidence={task} at={task.at} now={now}>
            <span class={isBad(task) ? "bad-text" : "mark"}>{endMark(task)}</span> {task.text}
            {task.from !== undefined && <span class="quiet"> from {task.from}</span>}
            <span class={isBad(task) ? "end bad-text" : "end"}>{taskEnd(task)}</span>
          </Line>
        ))}
        {questions.map((question) => (
          <Line evidence={question} at={question.at} now={now}>
            {questionText(question)}
          </Line>
        ))}
        {troubles.map((trouble) => (
          <Line evidence={trouble} at={trouble.at} now={now}>
            <span class="bad-text">!</span> {trouble.text}
            {timesText(trouble.times)}
          </Line>
        ))}
      </ul>
    </section>
  );
}

function Held({ lines, now }: { lines: readonly HeldLine[]; now: Date }) {
  if (lines.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="title-held">
      <h2 id="title-held">Held, and why</h2>
      <ul class="did">
        {lines.map((line) => (
          <Line evidence={line} at={line.at} now={now}>
            <b>{line.agent_id}</b> {heldText(line)}
          </Line>
        ))}
      </ul>
    </section>
  );
}

interface LineProps {
  readonly evidence: Evidence;
  readonly at: string;
  readonly now: Date;
  readonly children?: Child;
}

/** A line whose age leads to its evidence. */
function Line({ evidence, at, now, children }: LineProps) {
  return (
    <li>
      <span class="did-text">{children}</span>
      <a class="seen-at" href={evidence.href} title="Evidence">
        <Age at={at} now={now} />
      </a>
    </li>
  );
}

function isBad({ state }: TaskLine): boolean {
  return state === "failed" || state === "refused" || state === "expired";
}

function endMark(task: TaskLine): string {
  if (task.state === "applied") return "✓";
  return isBad(task) ? "✗" : "…";
}
