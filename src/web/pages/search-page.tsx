/** @jsxImportSource hono/jsx */
// The search over everything that is kept: a form, and what was found, newest first.
import { mostHits } from "../../domain/history/search-limits.ts";
import { commandTypes } from "../../domain/wire/order-messages.ts";
import { streams } from "../../domain/wire/subjects.ts";
import type { SearchAnswer, SearchHit } from "../../search/search.ts";
import type { HttpError } from "../api/http-errors.ts";
import { Icon } from "./parts/icon.tsx";
import { Age, Moment } from "./parts/time.tsx";

export interface SearchPageProps {
  /** What the form sent: `text`, `agent`, `kind`, `project`, `since`, `limit`. */
  readonly given: Readonly<Record<string, string>>;
  readonly agents: readonly string[];
  readonly now: Date;
  /** Absent if nothing was searched for, or the search failed. */
  readonly answer?: SearchAnswer;
  readonly error?: HttpError;
}

const spans = [
  ["", "any time"],
  ["1h", "the last hour"],
  ["1d", "the last day"],
  ["1w", "the last week"],
  ["30d", "the last 30 days"],
] as const;
/** The kinds that people look for; the address takes any kind. */
const kinds = [
  ["", "everything"],
  ["said", "what agents said"],
  ["transcript", "transcripts"],
  ["prompt", "prompts"],
  ["command", "commands"],
  ["message", "messages and answers"],
  ["question", "questions"],
  ["permission", "permissions"],
  ["tool_start", "tool calls"],
  ["tool_failed", "failed tool calls"],
  ["receipt", "receipts"],
  ["status", "statuses"],
  ["alert", "alerts"],
] as const;

export function SearchPage(props: SearchPageProps) {
  const { answer, error } = props;
  return (
    <>
      <h1>Search</h1>
      <SearchForm {...props} />
      {error !== undefined && (
        <p class="search-error" id="search-error" role="alert">
          <Icon name="alert" />
          <span>
            <b>{error.message}</b>
            {error.hint !== undefined && `; ${error.hint}`}
          </span>
        </p>
      )}
      {answer === undefined ? error === undefined && <Nothing /> : <Results {...props} answer={answer} />}
    </>
  );
}

function SearchForm({ given, agents, error }: SearchPageProps) {
  const isWrong = error !== undefined;
  return (
    <search>
      <form class="search-form" method="get" action="/search">
        <label class="search-text">
          Words, "phrases", beginnings of words*
          <input
            type="search"
            name="text"
            value={given.text ?? ""}
            required
            autocomplete="off"
            {...(isWrong ? { "aria-invalid": "true", "aria-describedby": "search-error" } : {})}
          />
        </label>
        <label>
          Agent
          <input
            name="agent"
            list="search-agents"
            value={given.agent ?? ""}
            placeholder="any"
            autocomplete="off"
          />
        </label>
        <datalist id="search-agents">
          {agents.map((id) => (
            <option value={id} />
          ))}
        </datalist>
        <label>
          Project
          <input name="project" value={given.project ?? ""} placeholder="any" autocomplete="off" />
        </label>
        <Choice name="kind" label="What" options={kinds} chosen={given.kind ?? ""} />
        <Choice name="since" label="When" options={spans} chosen={given.since ?? ""} />
        <button type="submit" class="primary">
          Search
        </button>
      </form>
    </search>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly chosen: string;
}

function Choice({ name, label, options, chosen }: ChoiceProps) {
  // A value that only the address can name stays chosen.
  const known = options.some(([value]) => value === chosen);
  const all = known ? options : [...options, [chosen, chosen] as const];
  return (
    <label>
      {label}
      <select name={name}>
        {all.map(([value, text]) => (
          <option value={value} selected={value === chosen}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function Nothing() {
  return (
    <section class="empty" aria-labelledby="title-nothing-sought">
      <h2 id="title-nothing-sought">Everything that is kept</h2>
      <p class="quiet">
        What agents said, did and asked, their transcripts with prompts and tool calls, your commands and
        answers, messages, receipts and alerts. Several words find the records that have them all.
      </p>
      <p class="quiet">
        <code>"no answer"</code> finds the phrase, <code>rout*</code> the words that begin so.
      </p>
    </section>
  );
}

function Results({ answer, given, now }: SearchPageProps & { readonly answer: SearchAnswer }) {
  const { hits, more, more_at_least, waiting } = answer;
  const count = hits.length + more;
  return (
    <section aria-labelledby="title-results">
      <h2 id="title-results" class="search-count">
        {hits.length === 0
          ? "Nothing found"
          : `${count.toLocaleString("en")}${more_at_least ? " or more" : ""} ${count === 1 ? "record" : "records"}, newest first`}
      </h2>
      {waiting > 0 && (
        <p class="quiet">
          {waiting.toLocaleString("en")} {waiting === 1 ? "record is" : "records are"} not in the index yet.
          Search again in a moment.
        </p>
      )}
      {hits.length === 0 && <p class="quiet">{emptyHint(given)}</p>}
      <ol class="hits">
        {hits.map((hit) => (
          <Hit hit={hit} now={now} />
        ))}
      </ol>
      {more > 0 && <More given={given} shown={hits.length} more={more} atLeast={more_at_least} />}
      <Kept answer={answer} />
    </section>
  );
}

function emptyHint(given: SearchPageProps["given"]): string {
  const filters = ["agent", "project", "kind", "since"].filter((name) => (given[name] ?? "") !== "");
  if (filters.length > 0) return "No kept record has these words under these filters. Widen the filters.";
  return "No kept record has all of these words. Leave one out, or put a star after the beginning of a word.";
}

/** How much earlier the transcript is opened: an event is stored a little after the entry that it tells of. */
const leadMs = 5_000;

/** Where the record stands among what the agent did before and after; the fleet for a record of no agent. */
function momentLink({ agent_id, stream, seq, at, kind }: SearchHit): string {
  if (agent_id === undefined) return "/";
  const page = `/agents/${agent_id}`;
  if (stream === streams.transcripts) return `${page}/transcript?after=${seq - 1}#t-${seq}`;
  if (ofOrders.includes(kind)) return `${page}/commands`;
  if (kind === "message") return `${page}/messages`;
  if (ofAgent.includes(kind)) return page;
  return `${page}/transcript?since=${new Date(Date.parse(at) - leadMs).toISOString()}`;
}

const ofOrders: readonly string[] = [...commandTypes, "shutdown", "receipt"];
const ofAgent: readonly string[] = ["status", "tool", "alert", "malformed", "decision", "broadcast"];

function Hit({ hit, now }: { hit: SearchHit; now: Date }) {
  const { at, agent_id, kind, snippet, stream, seq, of_removed } = hit;
  return (
    <li class="hit" id={`hit-${stream.toLowerCase()}-${seq}`}>
      <p class="facts">
        {of_removed === true ? (
          <span title="This agent was removed. An agent that has its name now is another one.">
            {agent_id}, removed
          </span>
        ) : (
          <a href={momentLink(hit)}>{agent_id ?? "fleet"}</a>
        )}
        <b title={`${stream} ${seq}`}>{kind.replaceAll("_", " ")}</b>
        <Age at={at} now={now} />
      </p>
      <p class="hit-text">
        {snippet.map((part) => (part.hit === true ? <mark>{part.text}</mark> : part.text))}
      </p>
    </li>
  );
}

function More({
  given,
  shown,
  more,
  atLeast,
}: {
  given: SearchPageProps["given"];
  shown: number;
  more: number;
  atLeast: boolean;
}) {
  const text = `+${more.toLocaleString("en")}${atLeast ? " or more" : ""} older`;
  if (shown >= mostHits || given.limit === String(mostHits))
    return <p class="quiet">{text}. Add a word, or choose a shorter time.</p>;
  const query = new URLSearchParams({ ...given, limit: String(Math.min(mostHits, shown * 5)) });
  return (
    <p>
      <a class="more" href={`/search?${query}`}>
        {text}: show more
      </a>
    </p>
  );
}

/** How far back was searched, so that a missing record is not taken for one that never was. */
function Kept({ answer: { searched_since, older_are } }: { answer: SearchAnswer }) {
  if (searched_since === null) return null;
  const at = <Moment at={searched_since} />;
  return (
    <p class="quiet kept-since">
      {older_are === null && <>All that is kept was searched: back to {at}.</>}
      {older_are === "removed" && <>Searched back to {at}. Records before that are not kept any more.</>}
      {older_are === "not_indexed" && (
        <>
          Searched back to {at}. Older records are kept, but were dropped from the index, which was full
          (search_max_bytes).
        </>
      )}
    </p>
  );
}
