/** @jsxImportSource hono/jsx */
// The entries that come while a transcript is open: each is sent once, as an element of the list, and a call again when its result comes.
import type { Child } from "hono/jsx";
import { type AgentId, isAgentId } from "../../../domain/wire/agent-id.ts";
import type { Server } from "../../../server/server.ts";
import type { StoredEntry } from "../../../server/transcripts/transcripts.ts";
import type { StreamSource } from "../../api/event-stream.ts";
import { tabPath } from "./agent-tabs.tsx";
import { createMarkdown } from "./markdown.tsx";
import { callKey, TranscriptEntryItem } from "./transcript-entry.tsx";

/** How many entries wait for a slow browser. It misses the oldest ones beyond that, until it loads the page again. */
const mostWaiting = 300;
/** So long at most the entries that come at once are shown as markdown, and the others as they are: serve does nothing else meanwhile. */
const markdownBudgetMs = 100;
/** How many calls are kept until their results come. */
const mostOpenCalls = 100;

export interface LiveTranscript {
  /** The markup of what has come since the last call. */
  take(): Child[];
  /** The last entry that was taken. */
  seq(): number;
  watch(wake: () => void): () => void;
}

/** @param after the last entry that the page has */
export function createLiveTranscript(
  server: Pick<Server, "transcripts">,
  id: AgentId,
  after: number,
): LiveTranscript {
  const waiting: StoredEntry[] = [];
  const calls = new Map<string, StoredEntry>();
  const path = tabPath(id, "transcript");
  let seq = after;
  const show = (entry: StoredEntry, markdown: ReturnType<typeof createMarkdown>): Child => {
    const item = (shown: StoredEntry, result?: StoredEntry) => (
      <TranscriptEntryItem {...{ entry: shown, result, path, markdown }} />
    );
    const key = callKey(entry);
    if (entry.kind === "tool_call") {
      calls.set(key, entry);
      const [oldest] = calls.keys();
      if (calls.size > mostOpenCalls && oldest !== undefined) calls.delete(oldest);
    }
    const call = entry.kind === "tool_result" ? calls.get(key) : undefined;
    if (call === undefined) return item(entry);
    calls.delete(key);
    return item(call, entry);
  };
  return {
    seq: () => seq,
    take() {
      const entries = waiting.splice(0);
      seq = entries.at(-1)?.seq ?? seq;
      const markdown = createMarkdown(markdownBudgetMs);
      return entries.map((entry) => show(entry, markdown));
    },
    watch: (wake) =>
      server.transcripts.follow(id, after, (entry) => {
        if (entry.seq <= seq) return;
        waiting.push(entry);
        if (waiting.length > mostWaiting) waiting.shift();
        wake();
      }),
  };
}

/**
 * The transcript of an open page; undefined if the page does not show the newest entries of one.
 * @param lastEntry the last entry that the page had when its stream was lost; undefined for a new page
 */
export function liveTranscriptOf(
  server: Pick<Server, "transcripts">,
  { agent, tab, entry }: Readonly<Record<string, string>>,
  lastEntry: string | undefined,
): LiveTranscript | undefined {
  const after = lastEntry ?? entry ?? "";
  if (tab !== "transcript" || !isAgentId(agent) || !/^\d{1,15}$/.test(after)) return undefined;
  return createLiveTranscript(server, agent, Number(after));
}

/** Separates the event id of the fleet from the sequence of the last entry. */
const mark = "~";

/** The two parts of an event id of a page with a transcript. Of another page, the id alone. */
export function splitEventId(id: string | undefined): readonly [string | undefined, string | undefined] {
  const [fleet, entry] = id?.split(mark) ?? [];
  return [fleet === "" ? undefined : fleet, entry];
}

/** The same stream, and the new entries in its patches. `fleetId`: the fleet's part of the event id that the page has. */
export function withTranscript(
  source: StreamSource,
  live: LiveTranscript,
  { fleetId: first = "", now }: { readonly fleetId: string | undefined; readonly now: () => Date },
): StreamSource {
  let fleetId = first;
  return {
    next() {
      const events = source.next();
      const own = live.take().map(String);
      const patch = events.find(({ event }) => event === "patch");
      fleetId = patch?.id ?? fleetId;
      const others = events.filter((each) => each !== patch);
      if (patch === undefined && own.length === 0) return others;
      const before = (patch?.data ?? { html: [] }) as { readonly html: readonly string[] };
      const data = { ...before, now: now().toISOString(), html: [...before.html, ...own] };
      return [...others, { event: "patch", id: `${fleetId}${mark}${live.seq()}`, data }];
    },
    watch(wake) {
      const stops = [source.watch(wake), live.watch(wake)];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
