// What about one agent needs a person. Pure.
import { definedOf } from "../../defined.ts";
import type { OpenRequest } from "../../requests.ts";
import type { AgentRecord } from "../agent-record.ts";
import type { Activity, Axes } from "../axes.ts";
import { read } from "../axis/read.ts";
import { usageLimitCause } from "../session-reading.ts";
import { goneNeed } from "./gone-need.ts";
import { type Need, type NeedKind, needKinds, needText } from "./need.ts";

/** In the order of {@link needKinds}, and of one kind the oldest first. */
export function needsOf(record: AgentRecord, axes: Axes, now: Date, listeningSince = ""): readonly Need[] {
  const gone = goneNeed(record, axes, now, listeningSince);
  const needs = [
    ...(gone === undefined ? [] : [gone]),
    ...watchdogNeeds(record, axes),
    ...attentionNeeds(axes),
    ...(record.requests ?? []).map(requestNeed),
  ];
  return needs.length < 2 ? needs : needs.sort(byKind);
}

const goneKinds: readonly NeedKind[] = ["died", "lost", "failed_to_start"];

/** The axes of an agent with these needs: if it is gone and needs a person for that, `attention` says so. */
export function withGoneNeed(axes: Axes, needs: readonly Need[], now: Date): Axes {
  const gone = needs.find(({ kind }) => goneKinds.includes(kind));
  if (gone === undefined || axes.attention.value !== "none") return axes;
  return { ...axes, attention: read("error", axes.link.source, gone.since, now, needText(gone)) };
}

function byKind(one: Need, other: Need): number {
  const byWord = needKinds.indexOf(one.kind) - needKinds.indexOf(other.kind);
  if (byWord !== 0 || one.since === other.since) return byWord;
  return one.since < other.since ? -1 : 1;
}

function requestNeed({ request_id, kind, asked_at, summary }: OpenRequest): Need {
  return { kind, since: asked_at, reason: summary, request_id };
}

/** What the watchdog holds it for: it waits until a person lets it go on. */
function watchdogNeeds({ agent_id, holds = [] }: AgentRecord, { link }: Axes): Need[] {
  const [first, ...others] = holds.filter(({ reason }) => reason === "watchdog");
  if (first === undefined || link.value !== "online") return [];
  const reason = [first, ...others].map(({ words }) => words).join("; ");
  return [{ kind: "stuck", since: first.since, reason, hint: `let it go on: cliai resume ${agent_id}` }];
}

const busy: readonly Activity[] = ["starting", "working", "retrying"];

/** What the axis `attention` says, unless it is a request, which the agent's record has in full. */
function attentionNeeds({ attention, activity }: Axes): Need[] {
  const { value, source, reason, hint, cause, at, until } = attention;
  if (source === "request" || at === undefined) return [];
  // What ends by itself waits for nobody.
  if (until !== undefined) return [];
  // While the agent works it waits for nobody: it goes on without the tool, and takes the order later.
  if ((value === "refused" || value === "unseen") && busy.includes(activity.value)) return [];
  const kind = kindOf(attention);
  if (kind === undefined) return [];
  const isAsked = value === "question" || value === "approval" || value === "terminal";
  return [{ kind, since: at, reason, ...definedOf({ hint, cause }), ...(isAsked && { at_terminal: true }) }];
}

function kindOf({ value, cause }: Axes["attention"]): NeedKind | undefined {
  switch (value) {
    case "none":
      return undefined;
    case "approval":
      return "permission";
    case "stuck":
      return cause === usageLimitCause ? "limit" : "stuck";
    default:
      return value;
  }
}
