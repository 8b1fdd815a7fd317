// What has become of agents since an open page was last told, as words for a person who cannot see the page. That an agent works, or starts,
// is no news: it changes all the time. What needs the person is announced in another way, at once.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { statusTextOf } from "../../../domain/fleet/status-look.ts";
import type { FleetStep } from "../../api/fleet-cursor.ts";

const noNews: readonly string[] = [
  "starting",
  "connected",
  "working",
  "retrying",
  "waiting",
  "stopping",
  "unknown",
];

interface Known {
  readonly status: string;
  readonly needs: number;
}

/**
 * Returns a function that tells the news since its last call: what has become of agents, by their ids.
 * @param first the agents as the page has them
 */
export function createNews(
  first: readonly AgentView[],
): (step: FleetStep | undefined, views: readonly AgentView[]) => Readonly<Record<string, string>> {
  let known = factsOf(first);
  return (step, views) => {
    if (step === undefined) return {};
    const before = known;
    known = factsOf(views);
    // After a break, all is sent, and what has happened meanwhile is not told one by one.
    if (step.kind === "whole") return {};
    const changed = new Set<string>(step.ids);
    return Object.fromEntries(
      views.flatMap((view) => {
        const words = changed.has(view.agent_id) ? newsOf(before.get(view.agent_id), view) : undefined;
        return words === undefined ? [] : [[view.agent_id, words]];
      }),
    );
  };
}

function factsOf(views: readonly AgentView[]): ReadonlyMap<string, Known> {
  return new Map(views.map(({ agent_id, status, needs }) => [agent_id, { status, needs: needs.length }]));
}

function newsOf(before: Known | undefined, view: AgentView): string | undefined {
  const { status, needs } = view;
  if (before === undefined) return "has come";
  if (status !== before.status && !noNews.includes(status)) {
    return `is ${statusTextOf(view).replaceAll("_", " ")}`;
  }
  return needs.length === 0 && before.needs > 0 ? "no longer needs you" : undefined;
}
