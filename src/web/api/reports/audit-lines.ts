// The records of the audit as JSON Lines, newest first. It reads a page when the client has read the one before.
import type { HistoryPage, HistoryReading } from "../../../server/server-readings.ts";
import type { HistoryQuery } from "./timeline-report.ts";

export const linesType = "application/x-ndjson";

const pageRecords = 1_000;

/** Whether the header Accept asks for JSON Lines. */
export function wantsLines(accept: string | undefined): boolean {
  return accept !== undefined && /\bapplication\/(x-ndjson|jsonl)\b/.test(accept);
}

/**
 * @param limit how many records at most; default: all that are kept
 * @throws CliaiError if NATS does not answer. If that happens after the first page, the stream fails
 */
export async function auditLines(
  history: Pick<HistoryReading, "page">,
  {
    filter,
    before,
    limit = Number.POSITIVE_INFINITY,
  }: Omit<HistoryQuery, "limit"> & { readonly limit?: number },
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  let left = limit;
  let isCancelled = false;
  const read = async (from: number | undefined): Promise<HistoryPage> => {
    const found = await history.page(filter, { limit: Math.min(pageRecords, left), before: from });
    left -= found.records.length;
    return found;
  };
  let page: HistoryPage | undefined = await read(before);
  let end: number | undefined;
  return new ReadableStream(
    {
      async pull(controller) {
        while (!isCancelled) {
          const { records, older }: HistoryPage = page ?? (await read(end));
          page = undefined;
          end = older;
          const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
          if (text !== "") controller.enqueue(encoder.encode(text));
          if (older === undefined || left <= 0) return controller.close();
          if (text !== "") return;
        }
      },
      cancel() {
        isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
}
