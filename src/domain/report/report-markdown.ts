// Writes the report of what agents did as Markdown, for the terminal, for `GET /api/report` and for whoever pastes it somewhere.
import { countText } from "../text/amounts.ts";
import { spanText } from "../text/moment.ts";
import { changesHref, spentHref } from "./evidence.ts";
import type { AgentReport, Evidence, TaskLine, WorkReport } from "./report-lines.ts";
import {
  diffText,
  heldText,
  questionText,
  spentText,
  taskEnd,
  timesText,
  totalsText,
} from "./report-words.ts";

/** Where a line about an agent can be checked. */
type Seen = (line: Evidence & { readonly agent_id: string }) => string;

/**
 * @param origin the address of the dashboard, for the links; without it, a line names its evidence in words: the command, the request, the
 * sequence in the audit, or the command line that shows it
 */
export function reportMarkdown(report: WorkReport, origin?: string): string {
  const { at, since, agents, waiting, held, gaps, quiet_agents } = report;
  const seen: Seen = (line) => evidenceText(line, origin);
  const ageText = (from: string) => spanText((Date.parse(at) - Date.parse(from)) / 1_000);
  const quiet = `${countText(quiet_agents)} other ${quiet_agents === 1 ? "agent" : "agents"} did nothing in this time.`;
  const waits = waiting.map(
    (line) => `**${line.agent_id}** ${plain(line.text)} (${ageText(line.since)})${seen(line)}`,
  );
  return `${[
    `# What the agents did: ${timeText(since)} to ${timeText(at)} UTC`,
    totalsText(report),
    ...section("Waits for you", waits),
    ...agents.map((agent) => agentText(agent, seen, origin)),
    ...section(
      "Held, and why",
      held.map((line) => `**${line.agent_id}** ${plain(heldText(line))}${seen(line)}`),
    ),
    ...(agents.length === 0 ? ["Nothing was done in this time."] : quiet_agents > 0 ? [quiet] : []),
    ...section("Not in this report", gaps.map(plain)),
  ].join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, list(lines)];
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}

function agentText(agent: AgentReport, seen: Seen, origin: string | undefined): string {
  const { agent_id, status, project = "", tasks, questions, troubles, href } = agent;
  const linked = (words: string, to: string) =>
    words === "" || origin === undefined ? plain(words) : `[${plain(words)}](${origin}${to})`;
  const facts = [
    linked(status ?? "removed", href),
    plain(project),
    status === undefined ? plain(spentText(agent)) : linked(spentText(agent), spentHref(agent_id)),
    linked(diffText(agent.diff), changesHref(agent_id)),
  ];
  const lines = [
    ...tasks.map((task) => `${plain(taskText(task))}${seen(task)}`),
    ...questions.map((question) => `${plain(questionText(question))}${seen({ agent_id, ...question })}`),
    ...troubles.map((trouble) => `${plain(trouble.text)}${timesText(trouble.times)}${seen(trouble)}`),
  ];
  const told = facts.filter((part) => part !== "").join(" · ");
  return [`## ${agent_id}`, told, ...(lines.length === 0 ? [] : [list(lines)])].join("\n\n");
}

function taskText(task: TaskLine): string {
  const from = task.from === undefined ? "" : ` (from ${task.from})`;
  return `task “${task.text}”${from}: ${taskEnd(task)}`;
}

function evidenceText(line: Parameters<Seen>[0], origin: string | undefined): string {
  const { agent_id, href, seq, command_id, request_id } = line;
  const named = [
    command_id === undefined ? "" : `command ${command_id}`,
    request_id === undefined ? "" : `request ${request_id}`,
    seq === undefined ? "" : `audit ${seq}`,
  ].filter((part) => part !== "");
  if (origin !== undefined) return ` — [${named.join(", ") || "page"}](${origin}${href})`;
  return ` — ${named.length === 0 ? `cliai show ${agent_id}` : named.join(", ")}`;
}

/** `2026-05-04 14:05` */
function timeText(at: string): string {
  return at.slice(0, "2026-05-04T14:05".length).replace("T", " ");
}

/** One line, which Markdown shows as it is: agents write these words. */
function plain(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/\p{C}/gu, "")
    .trim()
    .replaceAll(/[\\`*_[\]<>#|]/g, "\\$&");
}
