// `cliai show AGENT`: prints all that is known of one agent, with the evidence for its status.
import { agentClis } from "../../agents/agent-clis.ts";
import { abilitiesOf } from "../../domain/abilities.ts";
import { guestWords, isGuest } from "../../domain/agent-protocol/guest-id.ts";
import { agentBudgetText } from "../../domain/budgets/budget-view.ts";
import { definedOf } from "../../domain/defined.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { needText } from "../../domain/fleet/needs/need.ts";
import { standingOf } from "../../domain/fleet/run-end.ts";
import { lastActionOf } from "../../domain/fleet/shown/last-action.ts";
import { cliText } from "../../domain/fleet/shown/shown-cli.ts";
import { shownModelRequest } from "../../domain/fleet/shown/shown-model-request.ts";
import { isResumable, ownWayBack, resumeLine } from "../../domain/fleet/shown/way-back.ts";
import { type CommandRecord, isUnknownOrder } from "../../domain/receipts.ts";
import { framingOf } from "../../domain/route-names.ts";
import { spanText } from "../../domain/text/moment.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { alignRows, clockText, paint, plain, untilClock } from "../frame/terminal.ts";
import { clientArgs } from "./client.ts";
import { type AgentReading, viewOf } from "./fleet-reading.ts";
import { momentText, showFleet } from "./last-known.ts";
import { statusMark } from "./status-mark.ts";
import { usageFacts } from "./usage-lines.ts";

export const showCommand = defineCliCommand({
  name: "show",
  example: "cliai show ada (cliai ls lists the agents)",
  description: "show one agent: its status with the evidence, its commands and their receipts",
  args: { agent: { type: "positional", required: true, description: "id of the agent" }, ...clientArgs },
  run: (args, context) =>
    showFleet(
      args,
      context,
      (fleet) => fleet.require(args.agent),
      (reading) => printAgent(reading, context),
    ),
});

function printAgent(reading: AgentReading, { json, color, print }: CliContext): void {
  const { asOf, now, budgets } = reading;
  const agent = viewOf(reading);
  if (json) {
    const { abilities } = abilitiesOf(agent.heartbeat, agentClis) ?? {};
    print(JSON.stringify({ ...agent, ...definedOf({ abilities, budgets, as_of: asOf?.toISOString() }) }));
    return;
  }
  if (asOf !== undefined) print(paint(`as of ${momentText(asOf)}`, "yellow", color));
  const ofBudgets = budgets?.map(agentBudgetText) ?? ["not known: only cliai serve knows what was spent"];
  for (const line of agentLines(agent, now, color, ofBudgets)) print(line);
}

/**
 * All that is known of an agent, for people.
 * @param budgets a line for each that counts for it
 */
export function agentLines(
  agent: AgentView,
  now: Date,
  color: boolean,
  budgets: readonly string[] = [],
): string[] {
  const { text, colour } = statusMark(agent, now);
  return [
    `${paint(agent.agent_id, "bold", color)}  ${paint(text, colour, color)}`,
    ...axisLines(agent, now),
    "",
    ...factLines(agent, now, budgets),
    ...commandLines(agent.commands),
  ];
}

function axisLines({ axes }: AgentView, now: Date): string[] {
  const rows = Object.entries(axes).flatMap(([axis, { value, reason, hint, age_s, until }]) => [
    [
      `  ${axis}`,
      value,
      plain(
        `${reason}${until === undefined ? "" : `, until ${untilClock(until, now)}`}${age_s === undefined ? "" : `, ${spanText(age_s)} ago`}`,
      ),
    ],
    ...(hint === undefined ? [] : [["", "", plain(hint)]]),
  ]);
  return alignRows(rows).map((cells) => cells.join("  "));
}

function factLines(agent: AgentView, now: Date, budgets: readonly string[]): string[] {
  const { progress } = agent;
  const facts: Record<string, string | readonly string[] | undefined> = {
    "needs you": agent.needs.map(needText).join("; "),
    task: taskText(agent),
    profile: agent.config_name,
    project: agent.project_path,
    worktree: worktreeText(agent),
    tags: agent.tags.join(", "),
    cli: cliText(agent),
    "known as": isGuest(agent) ? guestWords : undefined,
    abilities: abilitiesOf(agent.heartbeat, agentClis)?.summary,
    session: agent.session_id,
    host: [agent.host, agent.pid === undefined ? "" : `pid ${agent.pid}`].filter(Boolean).join(", "),
    progress:
      progress && `${progress.percent === undefined ? "" : `${progress.percent} % · `}${progress.note}`,
    said: saidText(agent, now),
    ...usageFacts(agent.usage, now),
    budget: budgets,
    "model server": modelText(agent, now),
    "first heard": agent.first_seen,
    "last heard": agent.last_seen ?? "never",
    "last action": lastActionOf(agent),
    queue: queueText(agent),
    "go on": isResumable(agent) ? resumeLine(agent) : ownWayBack(agent),
  };
  const rows = Object.entries(facts).flatMap(([name, value = []]) =>
    [value]
      .flat()
      .filter((line) => line !== "")
      .map((line, index) => [index === 0 ? `  ${name}` : "", plain(line)]),
  );
  return alignRows(rows).map((cells) => cells.join("  "));
}

/** How many characters of an agent's last words are shown. */
const saidLength = 300;

function saidText({ last_words }: AgentView, now: Date): string | undefined {
  if (last_words === undefined) return undefined;
  const age = spanText((now.getTime() - Date.parse(last_words.at)) / 1000);
  return `${beginningOf(plain(last_words.text), saidLength)} (${age} ago)`;
}

function taskText({ task: { text, source, from, age_s, is_stale } }: AgentView): string {
  if (source === "none") return "no task yet";
  const who = source === "agent" ? "as it reports" : `ordered by ${from}`;
  const age = age_s === undefined ? "" : `, ${spanText(age_s)} ago`;
  return `${text} (${who}${age}${is_stale ? ", may be over" : ""})`;
}

function worktreeText({ heartbeat }: AgentView): string | undefined {
  const branch = heartbeat?.worktree_branch;
  return branch && `of its own, made on the branch ${branch}`;
}

function queueText({ queued, heartbeat }: AgentView): string | undefined {
  if (queued === 0) return undefined;
  const why = heartbeat?.waits_because;
  return `${queued} waiting${why === undefined ? "" : `: ${why}`}`;
}

function modelText(agent: AgentView, now: Date): string | undefined {
  const shown = shownModelRequest(agent);
  if (shown === undefined) return undefined;
  const { words, since, figures } = shown;
  const age = since === undefined ? "" : `, for ${spanText((now.getTime() - Date.parse(since)) / 1000)}`;
  return `${words}${age}${figures === "" ? "" : ` (${figures})`}`;
}

function commandLines(all: readonly CommandRecord[]): string[] {
  const commands = all.filter((command) => !isUnknownOrder(command));
  const unknown = all.filter(isUnknownOrder).map(({ command_id }) => command_id);
  const note =
    unknown.length === 0
      ? []
      : ["", `  known only by receipts of this agent, and maybe never sent: ${plain(unknown.join(", "))}`];
  if (commands.length === 0) return note;
  const rows = commands.flatMap(({ command_id, type, from, summary, issued_at, ...command }) => {
    const framing = type === "task" ? framingOf(routeOf(command)) : undefined;
    return [
      [
        `  ${clockText(issued_at)}`,
        shortId(command_id),
        type,
        standingOf({ type, ...command }),
        plain(`from ${from}${summary === "" ? "" : `: ${summary}`}`),
      ],
      ...(framing === undefined ? [] : [["", "", "", "", framing]]),
    ];
  });
  return ["", "  commands", ...alignRows(rows).map((cells) => cells.join("  ")), ...note];
}

function routeOf({ receipts }: Pick<CommandRecord, "receipts">): string | undefined {
  return receipts.find(({ state }) => state === "injected")?.route;
}

/** As much of an order's id as `cliai cancel` needs. */
function shortId(id: string): string {
  return id.length <= 12 ? id : id.slice(0, 8);
}
