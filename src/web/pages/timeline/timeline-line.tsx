/** @jsxImportSource hono/jsx */
// One line of the timeline: a call with its result, or what else a record tells.
import type { TimelineLine } from "../../../domain/history/record-line.ts";
import { clockText } from "../../../domain/spending/days.ts";
import { spanText } from "../../../domain/text/moment.ts";
import { absoluteTime } from "../age.ts";
import { Icon } from "../parts/icon.tsx";
import { shortenIds } from "../shorten-ids.ts";

interface LineProps {
  readonly zone: string;
  readonly now: Date;
  readonly line: TimelineLine;
  /** The page shows one agent only, so a line need not name it. */
  readonly isOfOne: boolean;
  /** The page begins with the newest record. */
  readonly isNewest: boolean;
}

export function Line({ line, zone, isOfOne, isNewest, now }: LineProps) {
  const { seq, at, agent_id, kind, what, from, text, is_failure, took_ms, end_seq, is_open } = line;
  const isCall = kind === "call";
  return (
    <li id={`r${seq}`} class={`line${is_failure ? " failed" : ""}${isOfOne ? " of-one" : ""}`}>
      <time dateTime={at} title={absoluteTime(at)}>
        {clockText(Date.parse(at), zone)}
        {/* A link may lead to the record of the end: the line has both. */}
        {end_seq !== undefined && <span id={`r${end_seq}`} />}
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
