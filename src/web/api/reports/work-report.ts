// What the agents did since a moment, as JSON or as Markdown.
import { dayStartMs } from "../../../domain/spending/days.ts";
import { parseMomentMs } from "../../../domain/text/moment.ts";
import type { AskedReport } from "./costs-report.ts";

export const standardSince = "8h";
export const markdownType = "text/markdown; charset=utf-8";

/** @throws CliaiError `usage` for a `since` that is no time */
export function readReportQuery(
  { asked, zone }: AskedReport,
  now: Date,
): { readonly asked: string; readonly sinceMs: number } {
  const since = asked("since")?.trim() || standardSince;
  const today = dayStartMs(now.getTime(), zone);
  if (since === "today") return { asked: since, sinceMs: today };
  if (since === "yesterday") return { asked: since, sinceMs: dayStartMs(today - 1, zone) };
  return { asked: since, sinceMs: parseMomentMs(since, "since", now) };
}

/** Whether the address or the header Accept asks for Markdown. */
export function wantsMarkdown(format: string | undefined, accept: string | undefined): boolean {
  return format === "markdown" || (format === undefined && accept?.includes("text/markdown") === true);
}
