/** @jsxImportSource hono/jsx */
// This room is the page of the whole history: what agents did and were told, with filters in its address.
//
// The page itself: the form of the filters, one line a call, and the way to what is older.
import { auditKinds } from "../../../domain/audit/audit-filter.ts";
import type { TimelineLine } from "../../../domain/history/record-line.ts";
import { clockText, dateText } from "../../../domain/spending/days.ts";
import { spanText } from "../../../domain/text/moment.ts";
import type { TimelineReport } from "../../api/reports/timeline-report.ts";
import { absoluteTime } from "../age.ts";
import { Arrived } from "../parts/arrived.tsx";
import { Icon } from "../parts/icon.tsx";
import { shortenIds } from "../shorten-ids.ts";

/** What was typed into the filters. */
export type TimelineAsked = Readonly<Record<(typeof askedNames)[number], string>>;
export const askedNames = ["agent", "kind", "text", "since", "until", "failed"] as const;

export interface TimelinePageProps {
  readonly report: TimelineReport | undefined;
  /** Why there is no report. */
  readonly error: { readonly message: string; readonly hint?: string | undefined } | undefined;
  readonly asked: TimelineAsked;
  /** The page does not begin with the newest record. */
  readonly isOlder: boolean;
  /** Whether new lines are counted while the page is open. */
  readonly isLive: boolean;
  readonly agents: readonly string[];
  readonly zone: string;
  /** How long records are kept, such as `30 d`; undefined if that is not known. */
  readonly keptFor: string | undefined;
  readonly now: Date;
}

export function TimelinePage(props: TimelinePageProps) {
  const { report, error, asked, isOlder, zone } = props;
  return (
    <div class="report" data-zone={zone}>
      <div class="report-head">
        <h1>Timeline</h1>
        <p class="quiet">Times of the zone {zone}</p>
      </div>
      <Filters {...props} />
      {error !== undefined && (
        <p class="attention" role="alert">
          {error.message}
          {error.hint !== undefined && <> · {error.hint}</>}
        </p>
      )}
      {report !== undefined && (
        <>
          {props.isLive && <NewLines asked={asked} count={0} />}
          <Lines {...props} lines={report.lines} />
          <Further {...props} report={report} />
          {isOlder && (
            <p>
              <a href={addressOf(asked, undefined)}>Back to the newest</a>
            </p>
          )}
        </>
      )}
    </div>
  );
}

/** The address of the page with these filters. */
function addressOf(asked: TimelineAsked, before: number | undefined): string {
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ""));
  if (before !== undefined) query.set("before", String(before));
  return query.size === 0 ? "/timeline" : `/timeline?${query}`;
}

const kindNames: Readonly<Record<string, string>> = {
  tool_start: "calls of tools",
  tool: "calls of cliai's tools",
  tool_failed: "failed calls",
  said: "what agents said",
  prompt: "prompts",
  turn_end: "ends of turns",
};

function Filters({ asked, agents }: Pick<TimelinePageProps, "asked" | "agents">) {
  const isFiltered = askedNames.some((name) => asked[name] !== "");
  return (
    <form method="get" action="/timeline" class="filters" aria-label="Filters">
      <label>
        Agent
        <input name="agent" list="known-agents" value={asked.agent} autocomplete="off" />
      </label>
      <datalist id="known-agents">
        {agents.map((agent) => (
          <option value={agent} />
        ))}
      </datalist>
      <label>
        Kind
        <select name="kind">
          <option value="">all</option>
          {auditKinds.map((kind) => (
            <option value={kind} selected={kind === asked.kind}>
              {kindNames[kind] ?? kind.replaceAll("_", " ")}
            </option>
          ))}
        </select>
      </label>
      <label class="wide">
        Text
        <input name="text" type="search" value={asked.text} />
      </label>
      <label>
        From
        <input name="since" value={asked.since} placeholder="2h, today, 2026-05-03" />
      </label>
      <label>
        Until
        <input name="until" value={asked.until} placeholder="now" />
      </label>
      <label class="check">
        <input name="failed" type="checkbox" value="1" checked={asked.failed !== ""} />
        Only failures
      </label>
      <button type="submit">Show</button>
      {isFiltered && (
        <a class="clear" href="/timeline">
          Clear
        </a>
      )}
    </form>
  );
}

type LinesProps = Pick<TimelinePageProps, "asked" | "zone" | "isOlder" | "now"> & {
  readonly lines: readonly TimelineLine[];
};

/** How many lines have come since the page was made. They are shown when a person asks for them, so that nothing moves that is read. */
export function NewLines({ asked, count }: Pick<TimelinePageProps, "asked"> & { count: number }) {
  const what = `${count} new ${count === 1 ? "line" : "lines"}`;
  return (
    <Arrived
      id="timeline-new"
      shows="timeline-lines timeline-further"
      href={addressOf(asked, undefined)}
      what={count === 0 ? undefined : what}
    />
  );
}

function Lines(props: LinesProps) {
  return (
    <div id="timeline-lines" tabindex={-1}>
      <Days {...props} />
    </div>
  );
}

function Days({ lines, asked, zone, isOlder, now }: LinesProps) {
  if (lines.length === 0) {
    const hidden = askedNames.filter((name) => asked[name] !== "");
    return (
      <p class="nothing">
        {hidden.length === 0 ? (
          "Nothing has happened yet."
        ) : (
          <>
            Nothing here fits{" "}
            {hidden.map((name) => (name === "failed" ? "failures" : `${name} "${asked[name]}"`)).join(", ")}.{" "}
            <a href="/timeline">Show all</a>
          </>
        )}
      </p>
    );
  }
  const today = dateText(now.getTime(), zone);
  const days = Map.groupBy(lines, ({ at }) => dateText(Date.parse(at), zone));
  return (
    <>
      {[...days].map(([day, ofDay]) => (
        <section id={`lines-${day}`} class="day" aria-labelledby={`day-${day}`}>
          <h2 id={`day-${day}`}>{day === today ? `Today, ${day}` : day}</h2>
          <ol class="lines">
            {ofDay.map((line) => (
              <Line line={line} zone={zone} isOfOne={asked.agent !== ""} isNewest={!isOlder} now={now} />
            ))}
          </ol>
        </section>
      ))}
    </>
  );
}

interface LineProps extends Pick<TimelinePageProps, "zone" | "now"> {
  readonly line: TimelineLine;
  /** The page shows one agent only, so a line need not name it. */
  readonly isOfOne: boolean;
  /** The page begins with the newest record. */
  readonly isNewest: boolean;
}

export function Line({ line, zone, isOfOne, isNewest, now }: LineProps) {
  const { seq, at, agent_id, kind, what, from, text, is_failure, took_ms, is_open } = line;
  const isCall = kind === "call";
  return (
    <li id={`r${seq}`} class={`line${is_failure ? " failed" : ""}${isOfOne ? " of-one" : ""}`}>
      <time dateTime={at} title={absoluteTime(at)}>
        {clockText(Date.parse(at), zone)}
      </time>
      {!isOfOne && (
        <span class="who">{agent_id !== undefined && <a href={`/agents/${agent_id}`}>{agent_id}</a>}</span>
      )}
      <span class="what">
        {is_failure && (
          <>
            <Icon name="cross" />
            <span class="unseen">failed: </span>
          </>
        )}
        <b>{isCall ? what : kind.replaceAll("_", " ")}</b>
        {!isCall && what !== undefined && <> {what}</>}
        {from !== undefined && <span class="quiet"> from {from}</span>}
      </span>
      <span class="words">{text.length <= shortLength ? shortenIds(text) : <Long text={text} />}</span>
      <span class="took">
        {took_ms !== undefined && tookText(took_ms)}
        {is_open === true && <OpenCall at={at} isNewest={isNewest} now={now} />}
      </span>
    </li>
  );
}

/** A call without an end that began longer ago probably ended unseen, with its session. */
const runsAtMostMs = 3_600_000;

/** How long a call has run. The browser's script counts on. */
function OpenCall({ at, isNewest, now }: { at: string; isNewest: boolean; now: Date }) {
  const ms = now.getTime() - Date.parse(at);
  if (!isNewest || ms > runsAtMostMs) return <>no end seen</>;
  return (
    <>
      runs for{" "}
      <time data-seconds dateTime={at}>
        {Math.max(0, Math.floor(ms / 1_000))} s
      </time>
    </>
  );
}

/** A text of this length stands on its line; a longer one opens. */
const shortLength = 160;

function Long({ text }: { text: string }) {
  return (
    <details>
      <summary>{shortenIds(text.slice(0, shortLength).replaceAll(/\s+/g, " "))} …</summary>
      <pre>{text}</pre>
    </details>
  );
}

/** `0.4 s`, `12 s`, `3 min` */
function tookText(ms: number): string {
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : spanText(ms / 1_000);
}

type FurtherProps = Pick<TimelinePageProps, "asked" | "zone" | "keptFor"> & {
  readonly report: TimelineReport;
};

function Further(props: FurtherProps) {
  return (
    <div id="timeline-further">
      <Older {...props} />
    </div>
  );
}

function Older({ report, asked, zone, keptFor }: FurtherProps) {
  const { older, is_cut, trimmed_before } = report;
  if (older !== undefined) {
    return (
      <p class="further">
        {is_cut && <>The search takes long, and has not come to the end yet. </>}
        <a class="button" href={addressOf(asked, older)}>
          {is_cut ? "Search further back" : "Older"}
        </a>
      </p>
    );
  }
  if (trimmed_before === undefined) {
    return asked.since === "" && <p class="further quiet">That is the beginning of the history.</p>;
  }
  const ms = Date.parse(trimmed_before);
  return (
    <p class="further quiet">
      Events before{" "}
      <time dateTime={trimmed_before} title={absoluteTime(trimmed_before)}>
        {dateText(ms, zone)} {clockText(ms, zone)}
      </time>{" "}
      were removed by retention{keptFor !== undefined && ` (${keptFor})`}.
    </p>
  );
}
