/** @jsxImportSource hono/jsx */
// The tab with an agent's conversation: a part of it, with links to what is before and after, and a form to jump to a time.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { bytesText, countText } from "../../../domain/text/amounts.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { spanText } from "../../../domain/text/moment.ts";
import type { KeptEntries } from "../../../server/transcripts/dropped-entries.ts";
import type { TranscriptPage } from "../../../server/transcripts/transcripts.ts";
import { readTranscriptQuery } from "../../api/transcript-query.ts";
import { Age } from "../parts/time.tsx";
import { type PageContent, type PagesOptions, streamOf } from "../show-page.tsx";
import { AgentFrame } from "./agent-page.tsx";
import { tabPath } from "./agent-tabs.tsx";
import { createMarkdown } from "./markdown.tsx";
import { joinResults, TranscriptEntryItem } from "./transcript-entry.tsx";

/** What the query of the page's address asks for. */
export async function transcriptPage(
  { server, now }: Pick<PagesOptions, "server" | "now">,
  view: AgentView,
  asked: Readonly<Record<string, string>>,
): Promise<PageContent> {
  const { agent_id: id } = view;
  const { page, kept, problem } = await readPage(server, view, asked, now());
  const last = page.entries.at(-1)?.seq;
  // Only the page with the newest entries gets the ones that come. A page without entries may have some before or after it.
  const isAsked = ["after", "before", "since", "until"].some((name) => (asked[name] ?? "") !== "");
  const isLive = !page.has_newer && problem === undefined && (last !== undefined || !isAsked);
  const live = isLive ? `&tab=transcript&entry=${last ?? 0}` : "&tab=transcript";
  return {
    title: `Transcript of ${id}`,
    stream: streamOf(server, "agent", `&agent=${id}${live}`),
    body: (
      <AgentFrame view={view} requests={server.requests.all()} now={now()} tab="transcript">
        <TranscriptTab {...{ view, page, kept, problem, isLive }} since={asked.since ?? ""} now={now()} />
      </AgentFrame>
    ),
  };
}

async function readPage(
  server: PagesOptions["server"],
  { agent_id: id }: AgentView,
  asked: Readonly<Record<string, string>>,
  now: Date,
): Promise<{ readonly page: TranscriptPage; readonly kept: KeptEntries; readonly problem?: string }> {
  try {
    // The field of the form has no time zone; the page says that it is UTC.
    const since = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(asked.since ?? "")
      ? `${asked.since}Z`
      : asked.since;
    const query = readTranscriptQuery({ ...asked, ...(since === undefined ? {} : { since }) }, now);
    const [page, kept] = await Promise.all([server.transcripts.read(id, query), server.transcripts.kept(id)]);
    return { page, kept };
  } catch (error) {
    if (!(error instanceof CliaiError)) throw error;
    const problem = error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
    return { page: { entries: [], has_older: false, has_newer: false }, kept: {}, problem };
  }
}

interface TabProps {
  readonly view: AgentView;
  readonly page: TranscriptPage;
  readonly kept: KeptEntries;
  readonly now: Date;
  readonly since: string;
  readonly problem: string | undefined;
  readonly isLive: boolean;
}

function TranscriptTab({ view, page, kept, now, since, problem, isLive }: TabProps) {
  const { entries, has_older, has_newer } = page;
  const path = tabPath(view.agent_id, "transcript");
  const [first, last] = [entries[0]?.seq, entries.at(-1)?.seq];
  const markdown = createMarkdown();
  return (
    <section class="panel transcript" aria-labelledby="title-transcript">
      <div class="transcript-head">
        <h2 id="title-transcript">Transcript</h2>
        <form method="get" action={path} class="jump">
          <label for="jump-since">
            Jump to <span data-utc-note>(UTC)</span>
          </label>
          <input id="jump-since" type="datetime-local" name="since" step="1" value={since} data-utc />
          <button type="submit">Go</button>
        </form>
      </div>
      {problem !== undefined && <p class="attention">{problem}</p>}
      <Kept view={view} kept={kept} now={now} />
      {entries.length === 0 && problem === undefined && (
        <Empty view={view} isAsked={since !== ""} path={path} />
      )}
      {has_older && first !== undefined && (
        <p class="more">
          <a href={`${path}?before=${first}`}>Earlier</a>
        </p>
      )}
      <ol id="transcript" class="entries">
        {joinResults(entries).map((shown) => (
          <TranscriptEntryItem {...shown} path={path} markdown={markdown} />
        ))}
      </ol>
      <p class="more">
        {has_newer && last !== undefined && <a href={`${path}?after=${last}`}>Later</a>}{" "}
        {!isLive && <a href={path}>Newest</a>}
        {isLive && entries.length > 0 && <span class="quiet">These are the newest entries.</span>}
      </p>
    </section>
  );
}

/** From when on the conversation is kept, and why not from its beginning. Nothing, while it is whole. */
function Kept({ view, kept, now }: Pick<TabProps, "view" | "kept" | "now">) {
  const { oldest_at, max_age_s, full_at, dropped } = kept;
  const oldestKept = max_age_s === undefined ? undefined : new Date(now.getTime() - max_age_s * 1_000);
  const isTooOld = oldestKept !== undefined && view.first_seen < oldestKept.toISOString();
  if (dropped === undefined && full_at === undefined && !isTooOld) return null;
  return (
    <p id="transcript-kept" class="quiet">
      {oldest_at !== undefined && (
        <>
          It begins with an entry from <Age at={oldest_at} now={now} />.{" "}
        </>
      )}
      {isTooOld && max_age_s !== undefined && `What is older than ${spanText(max_age_s)} is deleted. `}
      {full_at !== undefined && `Only the last ${countText(full_at)} entries of an agent are kept. `}
      {dropped !== undefined && (
        <>
          The oldest entries ({bytesText(dropped.bytes)}) were dropped <Age at={dropped.last_at} now={now} />
          {dropped.first_at !== dropped.last_at && (
            <>
              {" "}
              and before, since <Age at={dropped.first_at} now={now} />
            </>
          )}
          , because the transcripts of all agents had nearly no room left, and this one was among the largest.
        </>
      )}
    </p>
  );
}

function Empty({ view, isAsked, path }: { view: AgentView; isAsked: boolean; path: string }) {
  if (isAsked) {
    return (
      <p class="quiet">
        Nothing since then. <a href={path}>Show the newest entries</a>
      </p>
    );
  }
  return (
    <p class="quiet">
      {view.session === undefined
        ? "Nothing yet. An agent that cliai did not launch has a transcript only if its program publishes one."
        : 'Nothing is kept. The conversation is kept from the first prompt on, unless the profile has "transcript": "off", and for as long as serve is told to (14 days by default).'}
    </p>
  );
}
