// Reads which part of a transcript is asked for, from the query of a URL.
import { CliaiError } from "../../domain/text/errors.ts";
import { parseMomentMs } from "../../domain/text/moment.ts";
import type { TranscriptQuery } from "../../server/transcripts/transcripts.ts";

const usualLimit = 100;
const mostLimit = 1_000;

/**
 * `after`, `before`: sequences. `since`, `until`: a time or a duration before now. `limit`: 1 to 1,000, default 100. An empty value counts as absent.
 * @throws CliaiError `usage`
 */
export function readTranscriptQuery(query: Readonly<Record<string, string>>, now: Date): TranscriptQuery {
  const wholeOf = (name: string, most: number) => {
    const { [name]: text = "" } = query;
    if (text === "") return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value <= most) return value;
    throw new CliaiError("usage", `${name} "${text}" is not a whole number up to ${most}`, {
      hint: `leave ${name} out for the newest entries`,
    });
  };
  const momentOf = (name: string) => {
    const { [name]: text = "" } = query;
    return text === "" ? undefined : parseMomentMs(text, name, now);
  };
  return {
    after: wholeOf("after", Number.MAX_SAFE_INTEGER),
    before: wholeOf("before", Number.MAX_SAFE_INTEGER),
    sinceMs: momentOf("since"),
    untilMs: momentOf("until"),
    limit: Math.max(1, wholeOf("limit", mostLimit) ?? usualLimit),
  };
}
