// The words for one notice, or for several that are told together. Pure.
import { beginningOf } from "../text/summary.ts";
import type { Notice } from "./notice.ts";

export interface NoticesWords {
  readonly title: string;
  /** One line; of several notices, one for each of the first. */
  readonly text: string;
  /** The page of the dashboard that shows it. */
  readonly path: string;
}

export type Notices = readonly [Notice, ...Notice[]];

const linesAtMost = 8;

export function wordsOf(notices: Notices): NoticesWords {
  const [first, ...others] = notices;
  if (others.length === 0) return { title: first.title, text: first.text, path: first.path };
  const lines = notices.slice(0, linesAtMost).map(lineOf);
  const more = notices.length - lines.length;
  return {
    title: countsOf(notices),
    text: [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
    path: notices.every(({ kind }) => kind === "alert") ? "/system" : "/inbox",
  };
}

/** So long that eight of them fit into a message of any service. */
const lineLength = 160;

function lineOf({ title, text }: Notice): string {
  return beginningOf(text === "" ? title : `${title}: ${text}`, lineLength);
}

/** In the order in which a title counts the kinds. */
const counted: Readonly<Record<Notice["kind"], readonly [one: string, several: string]>> = {
  needs_you: ["1 needs you", "need you"],
  limit: ["1 is at a limit", "are at a limit"],
  budget: ["1 about a budget", "about budgets"],
  error: ["1 has an error", "have errors"],
  stuck: ["1 is stuck", "are stuck"],
  done: ["1 is done", "are done"],
  all_done: ["all are done", "times all were done"],
  alert: ["1 alert", "alerts"],
  test: ["1 test", "tests"],
};

function countsOf(notices: Notices): string {
  const counts = Map.groupBy(notices, ({ kind }) => kind);
  return Object.entries(counted)
    .flatMap(([kind, [one, several]]) => {
      const count = counts.get(kind as Notice["kind"])?.length ?? 0;
      return count === 0 ? [] : [count === 1 ? one : `${count} ${several}`];
    })
    .join(", ");
}
