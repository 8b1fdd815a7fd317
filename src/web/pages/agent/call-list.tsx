/** @jsxImportSource hono/jsx */
// What the agent does now, and what it did last: one line for each tool call, newest first.
import { isGuest } from "../../../domain/agent-protocol/guest-id.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { ToolInFlight } from "../../../domain/fleet/session-evidence.ts";
import { type FoldedLine, foldCalls } from "../../../domain/fleet/shown/fold-calls.ts";
import { spanText } from "../../../domain/text/moment.ts";
import type { TimelineEntry } from "../../../server/server.ts";
import { absoluteTime } from "../age.ts";
import { Icon } from "../parts/icon.tsx";
import { Clock } from "../parts/time.tsx";
import { shortenIds } from "../shorten-ids.ts";

interface RunningProps {
  readonly view: AgentView;
  readonly entries: readonly TimelineEntry[];
  readonly now: Date;
}

/** The calls that run now, each with its clock. */
export function RunningCalls({ view, entries, now }: RunningProps) {
  const isGone = view.axes.link.value === "offline";
  const tools = isGone ? [] : (view.session?.tools ?? []);
  return (
    <section id="agent-running" class="panel" aria-labelledby="title-running">
      <h2 id="title-running">{mayWait(view) ? "Runs now, or waits for your permission" : "Runs now"}</h2>
      {tools.length === 0 && <p class="quiet">{idleWords(view)}</p>}
      <ul class="running">
        {tools.map((tool) => (
          <li>
            <Icon name="dots" />
            <b>{tool.tool}</b>
            <code>{argumentOf(tool, entries)}</code>
            <time data-span dateTime={tool.since} title={absoluteTime(tool.since)}>
              {spanText((now.getTime() - Date.parse(tool.since)) / 1_000)}
            </time>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Whether one of the calls may not have begun: which one a permission is for is not told by every CLI. */
function mayWait({ needs }: AgentView): boolean {
  return needs.some(({ kind }) => kind === "permission");
}

function idleWords(view: AgentView): string {
  if (isGuest(view)) return "Not known: its protocol tells of no tool calls.";
  return view.axes.activity.value === "working" ? "No tool call: its model works." : "No tool call.";
}

/** The words of the call, if its start is among the last events. */
function argumentOf({ tool, tool_use_id: id, since }: ToolInFlight, entries: readonly TimelineEntry[]) {
  const start = entries.findLast(({ kind, at, call }) => {
    if (kind !== "tool_start" || call?.tool !== tool) return false;
    return id === undefined ? at === since : call.id === id;
  });
  return start?.call?.detail;
}

export function CallList({ entries }: { entries: readonly TimelineEntry[] }) {
  const lines = withKeys(foldCalls(entries));
  return (
    <section id="agent-calls" class="panel" aria-labelledby="title-calls">
      <h2 id="title-calls">Last calls</h2>
      {lines.length === 0 && <p class="quiet">Nothing since this server started.</p>}
      <ol class="calls">
        {lines.map(({ key, ...line }) => (line.kind === "call" ? callItem(key, line) : eventItem(key, line)))}
      </ol>
    </section>
  );
}

function callItem(key: string, line: FoldedLine) {
  const { at, tool, text, subagent, outcome, why } = line;
  const isBad = outcome === "failed" || outcome === "refused";
  return (
    <li id={key} class={isBad ? "bad" : undefined}>
      <Clock at={at} />
      <b>{tool}</b>
      <span>
        {text !== "" && <code title={text}>{shortenIds(text)}</code>}
        {subagent !== undefined && <span class="quiet"> in a subagent</span>}
        {isBad && (
          <span class="why">
            <Icon name="cross" /> {outcome}
            {why !== undefined && `: ${shortenIds(why)}`}
          </span>
        )}
      </span>
      <span class="took">{tookText(line)}</span>
    </li>
  );
}

function eventItem(key: string, { at, kind, text }: FoldedLine) {
  const isBad = kind === "turn_failed";
  return (
    <li id={key} class={isBad ? "event bad" : "event"}>
      <Clock at={at} />
      <b>{kind.replaceAll("_", " ")}</b>
      <span title={text}>{shortenIds(text)}</span>
    </li>
  );
}

/** `1.3 s`, `4 min`; `runs`, if it has not ended. */
export function tookText({ at, ended_at, outcome }: Pick<FoldedLine, "at" | "ended_at" | "outcome">): string {
  if (outcome === "running") return "runs";
  if (outcome === "cut off") return "cut off";
  if (ended_at === undefined) return "";
  return durationText(Date.parse(ended_at) - Date.parse(at));
}

export function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  return seconds < 10 ? `${seconds.toFixed(1)} s` : spanText(seconds);
}

/** Adds a key to each line, newest first. A line keeps its key when others come, so that a person's selection stays. */
function withKeys(lines: readonly FoldedLine[]): (FoldedLine & { readonly key: string })[] {
  let same = 0;
  return lines
    .map((line, i) => {
      same = lines[i - 1]?.at === line.at ? same + 1 : 0;
      return { ...line, key: `event-${line.at}-${same}` };
    })
    .reverse();
}
