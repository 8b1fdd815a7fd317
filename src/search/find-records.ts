// Finds records: the index knows where they are, and the stream has their texts.
import { definedOf } from "../domain/defined.ts";
import { usualHits } from "../domain/history/search-limits.ts";
import type { Bus } from "../nats/bus.ts";
import type { StreamMessage } from "../nats/jetstream/follow.ts";
import { firstSequenceSince, readMessageAt, readStreamFacts } from "../nats/jetstream/read-stream.ts";
import { type FoundHit, foldHits, newestFirst } from "./fold-hits.ts";
import { matchOf, parseQuery, type SearchQuery } from "./query.ts";
import { countedAtMost, type FindAsk, type SearchAnswer } from "./search.ts";
import type { SearchIndex } from "./search-index.ts";
import { snippetOf } from "./snippet.ts";
import type { SearchSource } from "./sources.ts";

export interface Finding {
  readonly bus: Bus;
  readonly index: SearchIndex;
  readonly sources: readonly SearchSource[];
}

/** @throws CliaiError `usage` for a text that cannot be searched for; what reading a stream throws; what SQLite throws */
export async function findRecords({ bus, index, sources }: Finding, ask: FindAsk): Promise<SearchAnswer> {
  const { text, agents, kind, since, limit = usualHits } = ask;
  const query = parseQuery(text);
  const match = matchOf(query, { agents, kind });
  const found = await Promise.all(
    sources.map((source) => findIn({ bus, index, source }, { query, match, since, limit })),
  );
  const hits = found.flatMap((each) => each.hits).sort((a, b) => newestFirst(a.hit, b.hit));
  const shown = foldHits(hits).slice(0, limit);
  const spans = found.flatMap(({ span }) => (span === undefined ? [] : [span]));
  // The latest beginning: from there on, everything can be found.
  const latest = spans.reduce((a, b) => (b.since > a.since ? b : a), spans[0] ?? noSpan);
  return {
    hits: shown.map(({ hit }) => hit),
    more: sumOf(found, ({ count }) => count) - sumOf(shown, ({ records }) => records),
    more_at_least: found.some(({ isCounted }) => !isCounted),
    searched_since: latest.since === "" ? null : latest.since,
    older_are: latest.older_are,
    waiting: sumOf(found, ({ waiting }) => waiting),
  };
}

function sumOf<T>(items: readonly T[], numberOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + numberOf(item), 0);
}

/** How many records of a stream are read to find `limit` statements, because several records may be of one. */
function readAtMost(limit: number): number {
  return Math.min(3 * limit, limit + 200);
}

const noSpan = { since: "", older_are: null } as const;

interface FoundIn {
  readonly hits: readonly FoundHit[];
  readonly count: number;
  readonly isCounted: boolean;
  readonly waiting: number;
  readonly span?: { readonly since: string; readonly older_are: SearchAnswer["older_are"] };
}

const nothing: FoundIn = { hits: [], count: 0, isCounted: true, waiting: 0 };

interface Wanted {
  readonly query: SearchQuery;
  readonly match: string;
  readonly since: string | undefined;
  readonly limit: number;
}

async function findIn(
  { bus, index, source }: Omit<Finding, "sources"> & { readonly source: SearchSource },
  { query, match, since, limit }: Wanted,
): Promise<FoundIn> {
  const { stream } = source;
  const { seq, low, isCut } = index.position(stream);
  if (seq === 0) return await unread(bus, stream);
  const [{ first_seq, last_seq }, sinceSeq] = await Promise.all([
    readStreamFacts(bus, stream),
    since === undefined ? 1 : firstSequenceSince(bus, stream, Date.parse(since)),
  ]);
  const from = Math.max(low, first_seq, sinceSeq);
  const seqs = index.find(stream, match, { from, limit: limit + countedAtMost + 1 });
  const isCounted = seqs.length <= limit + countedAtMost;
  if (!isCounted) seqs.pop();
  const oldest = Math.max(low, first_seq);
  const [hits, first] = await Promise.all([
    readHits({ bus, source, query, limit: readAtMost(limit) }, seqs),
    readMessageAt(bus, stream, oldest),
  ]);
  const older_are = low > first_seq && isCut ? "not_indexed" : oldest > 1 ? "removed" : null;
  return {
    hits: hits.found,
    count: seqs.length - hits.gone,
    isCounted,
    waiting: Math.max(0, last_seq - seq),
    ...(first === undefined ? {} : { span: { since: first.at, older_are } }),
  };
}

/** A stream of which nothing is indexed yet, or which does not exist. */
async function unread(bus: Bus, stream: string): Promise<FoundIn> {
  const facts = await readStreamFacts(bus, stream).catch(() => undefined); // there is no such stream
  return facts === undefined ? nothing : { ...nothing, waiting: facts.messages };
}

/** Reads the newest `limit` of the records that still exist. `gone`: how many were removed since they were indexed. */
async function readHits(
  { bus, source, query, limit }: Pick<Wanted, "query" | "limit"> & { bus: Bus; source: SearchSource },
  seqs: readonly number[],
): Promise<{ readonly found: FoundHit[]; readonly gone: number }> {
  const found: FoundHit[] = [];
  let next = 0;
  let gone = 0;
  while (found.length < limit && next < seqs.length) {
    const part = seqs.slice(next, next + limit - found.length);
    next += part.length;
    const messages = await Promise.all(part.map((seq) => readMessageAt(bus, source.stream, seq)));
    for (const message of messages) {
      const hit = message && hitOf(message, source, query);
      if (hit === undefined) gone += 1;
      else found.push(hit);
    }
  }
  return { found, gone };
}

function hitOf(
  message: StreamMessage,
  { stream, textOf }: SearchSource,
  query: SearchQuery,
): FoundHit | undefined {
  const record = textOf(message);
  if (record === undefined) return undefined;
  const { agent_id, kind, text, from } = record;
  const place = { stream, seq: message.seq, at: message.at };
  const hit = { ...place, ...definedOf({ agent_id }), kind, snippet: snippetOf(text, query) };
  return { hit, text, ...definedOf({ from }) };
}
