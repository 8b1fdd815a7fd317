/** @jsxImportSource hono/jsx */
// This room is the page of the whole history: what agents did and were told, with filters in its address.
//
// The page itself: the days with their lines, and the way to what is older.
import type { TimelineLine } from "../../../domain/history/record-line.ts";
import { clockText, dateText } from "../../../domain/spending/days.ts";
import type { TimelineReport } from "../../api/reports/timeline-report.ts";
import { absoluteTime } from "../age.ts";
import { Arrived, arrivedText } from "../parts/arrived.tsx";
import { addressOf, askedNames, Filters, type TimelineAsked } from "./timeline-filters.tsx";
import { Line } from "./timeline-line.tsx";

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

type LinesProps = Pick<TimelinePageProps, "asked" | "zone" | "isOlder" | "now"> & {
  readonly lines: readonly TimelineLine[];
};

/** So many new lines are counted; beyond that, the page says that there are more. */
export const newLinesCounted = 100;

/** How many lines have come since the page was made. They are shown when a person asks for them, so that nothing moves that is read. */
export function NewLines({ asked, count }: Pick<TimelinePageProps, "asked"> & { count: number }) {
  const what = arrivedText(count, newLinesCounted, ["new line", "new lines"]);
  return (
    <Arrived
      id="timeline-new"
      shows="timeline-lines timeline-further"
      href={addressOf(asked, undefined)}
      what={what}
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
