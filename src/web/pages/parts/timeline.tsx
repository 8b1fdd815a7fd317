/** @jsxImportSource hono/jsx */
// The last events of an agent, newest first.
import type { TimelineEntry } from "../../../server/server.ts";
import { shortenIds } from "../shorten-ids.ts";
import { Clock } from "./time.tsx";

export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  return (
    <section id="agent-timeline" class="panel" aria-labelledby="title-timeline">
      <h2 id="title-timeline">Last events</h2>
      {entries.length === 0 && <p class="quiet">Nothing since this server started.</p>}
      <ol class="timeline">
        {withKeys(entries).map(({ key, at, kind, text }) => (
          <li id={key}>
            <Clock at={at} />
            <b>{kind.replaceAll("_", " ")}</b>
            <span title={text}>{shortenIds(text)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Adds a key to each entry, newest first. An entry keeps its key when others come, so that a person's selection stays. */
function withKeys(entries: readonly TimelineEntry[]): (TimelineEntry & { key: string })[] {
  let same = 0;
  return entries
    .map((entry, i) => {
      same = entries[i - 1]?.at === entry.at ? same + 1 : 0;
      return { ...entry, key: `event-${entry.at}-${same}` };
    })
    .reverse();
}
