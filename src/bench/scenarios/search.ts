// Measures the search: how soon it answers, how large its index is, and whether serve takes records into its state more slowly because the
// index is filled beside it. The limits: reading as many records from the stream, the texts themselves, and a serve without a search.
import { join } from "node:path";
import { streams } from "../../domain/wire/subjects.ts";
import { readMessageAt, readStreamFacts } from "../../nats/jetstream/read-stream.ts";
import { openSqlite } from "../../search/sqlite.ts";
import type { PublisherOptions } from "../programs/publisher.ts";
import { ingestAgent } from "../programs/publisher.ts";
import { wordsOfRecord } from "../programs/record-words.ts";
import { startProgram } from "../programs/start-program.ts";
import { type BenchContext, measuredRow, type Scenario, type Side } from "../scenario.ts";
import { type MeasuredServe, startMeasuredServe } from "../serve.ts";
import { waitUntil } from "../wait.ts";
import { untilLastIsTaken } from "./ingest.ts";

const agents = 100;
const records = { full: 1_000_000, short: 10_000 };
const reports = { full: 8_000, short: 3_000 };
/** Searches a round. */
const searches = { full: 200, short: 50 };
const found = 20;
const withinMs = 30 * 60_000;
/** Checkpoints and other records of serve itself come all the time. */
const nearlyNone = 20;

interface Found {
  readonly hits: readonly { readonly seq: number }[];
  readonly waiting: number;
}

export const search: Scenario = {
  name: "search",
  title: "the search: phrases in what 100 agents said and did",
  rounds: { full: 5, short: 2 },
  isInShort: true,
  async prepare(context, parts) {
    const size = context.isShort ? "short" : "full";
    const start = (name: string, ...args: string[]) =>
      startMeasuredServe(context, parts, {
        dataDir: join(context.dir, name),
        args: ["--sync", "1s", "--audit-max-bytes", "4GB", ...args],
      });
    const without = await start("without", "--search-max-bytes", "0");
    const serve = await start("with", "--search-max-bytes", "4GB");
    const count = records[size];
    context.note(`${count.toLocaleString("en")} records are stored and indexed`);
    const begunMs = performance.now();
    const textBytes = await publish(context, serve, { kind: "words", count, round: 0 });
    const publishedMs = performance.now();
    await untilIndexed(serve);
    const perSecond = (untilMs: number) => (count / (untilMs - begunMs)) * 1_000;
    const [stored, indexed] = [perSecond(publishedMs), perSecond(performance.now())];
    const indexBytes = await bytesOfIndex(serve);
    const bus = await serve.connect("bench");
    let round = 0;
    let next = 1;

    const taken = (name: string, of: MeasuredServe): Side => ({
      name,
      measure: async (note) => {
        round += 1;
        const startedMs = performance.now();
        await publish(context, of, { kind: "report", count: reports[size], round });
        await untilLastIsTaken(of, "report", reports[size], round);
        note(name, (reports[size] / (performance.now() - startedMs)) * 1_000);
      },
    });
    return [
      {
        name: "searches",
        measure: async (note) => {
          if (round === 0) {
            note("index", indexBytes / 1e6);
            note("texts", textBytes / 1e6);
            note("stored", stored);
            note("indexed", indexed);
          }
          await untilIndexed(serve);
          const { first_seq, last_seq } = await readStreamFacts(bus, streams.audit);
          for (let n = 0; n < searches[size]; n += 1) {
            next += 7_919;
            const path = `/api/search?${new URLSearchParams(questionOf(next % count, n))}`;
            const begunMs = performance.now();
            const { hits } = await answerOf(serve, path);
            note("search", performance.now() - begunMs);
            if (hits.length === 0) throw new Error(`nothing is found: ${path}`);
            const readMs = performance.now();
            await Promise.all(
              Array.from({ length: found }, (_, at) =>
                readMessageAt(bus, streams.audit, first_seq + ((next * (at + 1)) % (last_seq - first_seq))),
              ),
            );
            note("read", performance.now() - readMs);
          }
        },
      },
      taken("without", without),
      taken("with", serve),
    ];
  },
  judge: (samples) => [
    ...measuredRow(samples, {
      what: "a search for words or phrases, 20 records shown",
      unit: "ms",
      ours: "search",
      limit: "read",
      targets: [
        { of: "p95", most: 100 },
        { of: "ratio", most: 8, reached: 7 },
      ],
      remark: "limit: reading 20 records of the stream by their numbers",
    }),
    ...measuredRow(samples, {
      what: "the index",
      unit: "MB",
      ours: "index",
      limit: "texts",
      targets: [{ of: "ratio", most: 0.8, reached: 0.7 }],
      remark: "limit: the texts that can be searched",
    }),
    ...measuredRow(samples, {
      what: "records indexed while they come",
      unit: "a second",
      ours: "indexed",
      limit: "stored",
      remark: "limit: storing them",
    }),
    ...measuredRow(samples, {
      what: "statuses and events, stored, while they are indexed",
      unit: "a second",
      ours: "with",
      limit: "without",
      targets: [{ of: "ratio", least: 0.9, reached: 0.9 }],
      remark: "limit: the same serve without a search",
    }),
  ],
};

/** What is searched for: in turns a phrase of two words, a phrase of an agent, two words, and the beginning of a word; all of a record that exists. */
function questionOf(n: number, turn: number): Record<string, string> {
  const words = wordsOfRecord(n);
  const at = n % (words.length - 3);
  const [first = "", second = "", third = ""] = words.slice(at, at + 3);
  switch (turn % 4) {
    case 0:
      return { text: `"${first} ${second}"` };
    case 1:
      return { text: `"${first} ${second} ${third}"`, agent: ingestAgent(n % agents) };
    case 2:
      return { text: `${first} ${third}` };
    default:
      return { text: `"${first} ${second}"*` };
  }
}

/** Resolves when all is stored, with how many bytes of text that was. */
async function publish(
  context: BenchContext,
  { natsUrl, operatorCreds }: MeasuredServe,
  what: Pick<PublisherOptions, "kind" | "count" | "round">,
): Promise<number> {
  await using own = new AsyncDisposableStack();
  const options: PublisherOptions = { url: natsUrl, creds: operatorCreds, root: "agent", agents, ...what };
  const child = await startProgram(context, own, "publisher", options);
  child.write("go\n");
  const { text_bytes } = JSON.parse(await child.nextLine(withinMs)) as { text_bytes: number };
  return text_bytes;
}

async function answerOf(serve: MeasuredServe, path: string): Promise<Found> {
  const response = await serve.fetch(path);
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return (await response.json()) as Found;
}

async function untilIndexed(serve: MeasuredServe): Promise<void> {
  await waitUntil(
    async () => (await answerOf(serve, "/api/search?text=bench&limit=1")).waiting < nearlyNone,
    {
      what: "all records are indexed",
      deadlineMs: withinMs,
      everyMs: 100,
    },
  );
}

async function bytesOfIndex({ dataDir }: MeasuredServe): Promise<number> {
  const db = await openSqlite(join(dataDir, "search", "index.db"));
  try {
    const [row] = db.all(
      "SELECT (p.page_count - f.freelist_count) * s.page_size AS bytes FROM pragma_page_count AS p, pragma_freelist_count AS f, pragma_page_size AS s",
    );
    return Number(row?.bytes);
  } finally {
    db.close();
  }
}
