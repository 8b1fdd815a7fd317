/** @jsxImportSource hono/jsx */
// One entry of a transcript: what was said, or a tool call with its result, folded.
import type { Child } from "hono/jsx";
import { summaryOf } from "../../../domain/text/summary.ts";
import type { StoredEntry } from "../../../server/transcripts/transcripts.ts";
import { absoluteTime } from "../age.ts";
import { Icon } from "../parts/icon.tsx";
import { Clock } from "../parts/time.tsx";
import { durationText } from "./call-list.tsx";
import { PlainText } from "./markdown.tsx";

/** An entry as it is shown; of a call also its result, if that is known. */
export interface ShownEntry {
  readonly entry: StoredEntry;
  readonly result?: StoredEntry | undefined;
}

/** Joins the results to their calls. A result whose call is not among the entries stays an entry of its own. */
export function joinResults(entries: readonly StoredEntry[]): ShownEntry[] {
  const results = new Map(
    entries.flatMap((entry) => (entry.kind === "tool_result" ? [[callKey(entry), entry] as const] : [])),
  );
  const joined = new Set<StoredEntry>();
  const shown = entries.map((entry): ShownEntry => {
    const result = entry.kind === "tool_call" ? results.get(callKey(entry)) : undefined;
    if (result === undefined || result.seq < entry.seq) return { entry };
    joined.add(result);
    return { entry, result };
  });
  return shown.filter(({ entry }) => !joined.has(entry));
}

/** What a call and its result have in common. */
export function callKey({ session_id, instance_id, tool_use_id, entry_id }: StoredEntry): string {
  return `${session_id ?? instance_id ?? ""} ${tool_use_id ?? entry_id}`;
}

/** An entry of another kind is shown as a note. */
const labels: ReadonlyMap<string, string> = new Map([
  ["prompt", "Prompt"],
  ["answer", "Answer"],
  ["thinking", "Thinking"],
  ["tool_call", "Call"],
  ["tool_result", "Result"],
]);

interface EntryProps extends ShownEntry {
  /** The address of the agent's transcript. */
  readonly path: string;
  readonly markdown: (text: string) => Child;
}

/** `data-place` says where in the list a new entry belongs. */
export function TranscriptEntryItem({ entry, result, path, markdown }: EntryProps) {
  const { kind, seq } = entry;
  const known = labels.has(kind) ? kind : "note";
  const isBad = entry.is_error === true || result?.is_error === true;
  return (
    <li
      id={`t-${seq}`}
      class={`entry entry-${known.replace("_", "-")}${isBad ? " bad" : ""}`}
      data-list="transcript"
      data-place={String(seq).padStart(15, "0")}
    >
      <p class="entry-head">
        <b>{labels.get(kind) ?? "Note"}</b>
        {entry.subagent !== undefined && <span class="quiet">subagent {entry.subagent}</span>}
        <a
          class="moment"
          href={`${path}?after=${seq - 1}#t-${seq}`}
          title={`${absoluteTime(entry.at)}: link to this moment`}
          data-copy-link
        >
          <Clock at={entry.at} />
        </a>
      </p>
      <EntryBody {...{ entry, result, markdown }} />
    </li>
  );
}

function EntryBody({ entry, result, markdown }: Omit<EntryProps, "path">) {
  const { kind } = entry;
  if (kind === "tool_call") return <Call entry={entry} result={result} />;
  if (kind === "tool_result")
    return <Folded id={`d-${entry.seq}`} summary={resultSummary(entry)} entry={entry} />;
  if (kind === "thinking")
    return <Folded id={`d-${entry.seq}`} summary={summaryOf(entry.text)} entry={entry} />;
  return (
    <div class="entry-text">
      {kind === "answer" || kind === "prompt" ? markdown(entry.text) : <PlainText text={entry.text} />}
      <Rest entry={entry} />
    </div>
  );
}

function Call({ entry, result }: ShownEntry) {
  const { tool = "a tool", title, text, seq } = entry;
  const took = result === undefined ? undefined : Date.parse(result.at) - Date.parse(entry.at);
  return (
    <details id={`d-${seq}`} class="call">
      <summary>
        <b>{tool}</b> {title !== undefined && <code>{title}</code>}
        <span class="took">{result === undefined ? "no result yet" : durationText(took ?? 0)}</span>
        {result?.is_error === true && (
          <span class="why">
            <Icon name="cross" /> failed: {summaryOf(result.text)}
          </span>
        )}
      </summary>
      <Words label="Input" text={text} />
      <Rest entry={entry} />
      {result !== undefined && (
        <>
          <Words label="Result" text={result.text} />
          <Rest entry={result} />
        </>
      )}
    </details>
  );
}

function resultSummary({ text, is_error }: StoredEntry): string {
  const first = summaryOf(text.trimStart().split("\n", 1)[0] ?? "");
  return is_error === true ? `failed: ${first}` : first;
}

function Folded({ id, summary, entry }: { id: string; summary: string; entry: StoredEntry }) {
  return (
    <details id={id} class="call">
      <summary>{summary === "" ? "empty" : summary}</summary>
      <Words label="Text" text={entry.text} />
      <Rest entry={entry} />
    </details>
  );
}

/** A long text in a box that scrolls. */
function Words({ label, text }: { label: string; text: string }) {
  if (text === "") return <p class="quiet">{label}: empty</p>;
  return (
    <pre class="words-box" tabindex={0} title={label}>
      {text}
    </pre>
  );
}

/** What is not shown: the images, and the end of a text that was cut. */
function Rest({ entry: { cut, images = [] } }: { entry: StoredEntry }) {
  return (
    <>
      {images.length > 0 && (
        <p class="quiet">
          {images.length === 1 ? "An image" : `${images.length} images`}, which the transcript does not keep:{" "}
          {images.join("; ")}
        </p>
      )}
      {cut !== undefined && cut > 0 && (
        <p class="quiet">{cut.toLocaleString("en")} more characters were left out.</p>
      )}
    </>
  );
}
