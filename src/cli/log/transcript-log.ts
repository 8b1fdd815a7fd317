// `cliai log AGENT --transcript`: prints the agent's conversation as its CLI records it, oldest first, from the stream TRANSCRIPTS.
import { CliaiError } from "../../domain/text/errors.ts";
import { summaryOf } from "../../domain/text/summary.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import { followTranscript, readTranscript, type StoredEntry } from "../../server/transcripts/transcripts.ts";
import type { CliContext } from "../frame/context.ts";

/** What the printer of `cliai log` prints of an entry. */
export interface TranscriptLine {
  readonly at: string;
  readonly kind: string;
  readonly what?: string;
  readonly text: string;
}

const readAtOnce = 1_000;

/** Prints all entries that are kept, and then, with `follows`, each that comes, until the command is interrupted. */
export async function printTranscript(
  bus: Bus,
  id: AgentId,
  { log, follows, print }: Pick<CliContext, "log"> & TranscriptPrinting,
): Promise<number> {
  let after = 0;
  for (let hasMore = true; hasMore; ) {
    const { entries, has_newer } = await readTranscript(bus, id, { after, limit: readAtOnce });
    for (const entry of entries) print(entry);
    after = entries.at(-1)?.seq ?? after;
    hasMore = has_newer;
  }
  if (after === 0 && !follows) throw noTranscriptYet(id);
  if (!follows) return 0;
  followTranscript(bus, id, after, { log, onEntry: print });
  return await new Promise<never>(() => undefined);
}

export interface TranscriptPrinting {
  readonly follows: boolean;
  readonly print: (entry: StoredEntry) => void;
}

function noTranscriptYet(id: AgentId): CliaiError {
  return new CliaiError("failed", `no transcript of ${id} is kept`, {
    hint: `see what it was told, did and said: cliai log ${id}`,
  });
}

/** A call is one line; of its result, only the first line is shown. `--json` has all. */
export function transcriptLine({
  at,
  kind,
  tool,
  title,
  text,
  is_error,
  cut = 0,
}: StoredEntry): TranscriptLine {
  const word = kind.replaceAll("_", " ");
  if (kind === "tool_call") return { at, kind: word, what: tool ?? "a tool", text: title ?? "" };
  if (kind === "tool_result") {
    const [first = "", ...others] = text.trim().split("\n");
    const more = others.length === 0 ? "" : ` (and ${others.length} more lines)`;
    return { at, kind: is_error === true ? "failed" : word, text: `${summaryOf(first)}${more}` };
  }
  const rest = cut === 0 ? "" : `\n(${cut} more characters were left out)`;
  return { at, kind: is_error === true ? "failed" : word, text: `${text}${rest}` };
}
