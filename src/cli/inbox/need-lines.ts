// What needs a person and is no request, as lines: one agent that is stuck, has failed or has died, or several for one cause.
import { type AgentView, isAtHostedTerminal } from "../../domain/fleet/agent-view.ts";
import type { Blocked, FleetNeed, NeedGroup } from "../../domain/fleet/needs/fleet-needs.ts";
import { needVerb, needWords } from "../../domain/fleet/needs/need.ts";
import { isResumable, ownWayBack } from "../../domain/fleet/shown/way-back.ts";
import { spanText } from "../../domain/text/moment.ts";
import type { CliContext } from "../frame/context.ts";
import { paint, plain } from "../frame/terminal.ts";

type Look = Pick<CliContext, "color" | "now">;

/** @param views of all agents */
export function needLines(group: NeedGroup, views: readonly AgentView[], { color, now }: Look): string[] {
  const { kind, cause, hint, needs } = group;
  const [first, ...others] = needs;
  const ids = needs.map(({ agent_id }) => agent_id);
  const age = `${spanText((now().getTime() - Date.parse(first.since)) / 1000)} ago`;
  const what = others.length === 0 ? needVerb(kind) : `${needWords(kind)}: ${cause}`;
  const who = others.length === 0 ? first.agent_id : `${ids.length} agents`;
  const those = views.filter(({ agent_id }) => ids.includes(agent_id));
  return [
    [paint(who, "bold", color), plain(what), age].join("  "),
    ...(others.length === 0 ? [`  ${plain(first.reason)}`] : [`  ${ids.join(", ")}`]),
    ...(hint === undefined ? [] : [`  ${plain(hint)}`]),
    ...needs.flatMap((need) => blockedLines(need, others.length > 0)),
    ...wayLines(group, those).map((line) => `  ${paint(line, "dim", color)}`),
  ];
}

function blockedLines({ agent_id, kind, blocks }: FleetNeed, isNamed: boolean): string[] {
  const isGone = kind === "died" || kind === "lost" || kind === "failed_to_start";
  const text = blockedText(blocks, isGone);
  return text === "" ? [] : [`  ${isNamed ? `${agent_id} ` : ""}${text}`];
}

/** `holds up 2 orders, which it will receive when it is back; bob waits for it; asked as well: cap`; "" if nothing waits. */
export function blockedText({ orders, agents, captains }: Blocked, isGone: boolean): string {
  const count = orders === 1 ? "1 order" : `${orders} orders`;
  return [
    ...(orders === 0 ? [] : [`holds up ${count}${isGone ? ", which it will receive when it is back" : ""}`]),
    ...(agents.length === 0 ? [] : [`${agents.join(", ")} ${agents.length === 1 ? "waits" : "wait"} for it`]),
    ...(captains.length === 0 ? [] : [`asked as well: ${captains.join(", ")}`]),
  ].join("; ");
}

/** The commands that end the need. */
function wayLines({ kind, needs }: NeedGroup, views: readonly AgentView[]): string[] {
  const ids = needs.map(({ agent_id }) => agent_id);
  const remove = `cliai agents remove ${ids.join(" ")}`;
  if (needs[0].at_terminal === true) {
    const attach = views.filter(isAtHostedTerminal).map(({ agent_id }) => `cliai attach ${agent_id}`);
    return [["answer it at its own terminal", ...attach].join(": ")];
  }
  switch (kind) {
    case "died": {
      const resumable = views.filter(isResumable).map(({ agent_id }) => agent_id);
      const own = views.map(ownWayBack).find((way) => way !== undefined);
      return [
        ...(resumable.length === 0 ? [] : [`cliai resume ${resumable.join(" ")}`]),
        ...(own === undefined ? [] : [`not launched by cliai: ${own}`]),
        `or give it up: ${remove}`,
      ];
    }
    case "failed_to_start":
      return [`mend the cause and spawn it again, or: ${remove}`];
    case "stuck":
    case "limit":
    case "error":
    case "refused":
      return [
        `when it is mended: cliai send task ${ids[0]} "go on"${ids.length === 1 ? "" : `, and to ${ids.slice(1).join(", ")}`}`,
      ];
    default:
      return [`cliai show ${ids[0]}`];
  }
}
