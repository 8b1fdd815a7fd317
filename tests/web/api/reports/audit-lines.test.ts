// The audit as JSON Lines, over pages that are made up.
import { expect, test } from "bun:test";
import type { HistoryPage } from "../../../../src/server/server-readings.ts";
import { auditLines, wantsLines } from "../../../../src/web/api/reports/audit-lines.ts";

const record = (seq: number) => ({
  seq,
  at: "2026-05-03T12:00:00Z",
  subject: "agent.ada.status",
  message: {},
});

/** Records 1 to 2,500, of which those from 501 to 1,500 do not fit the filter. */
function historyOf() {
  const asked: { limit: number; before?: number | undefined }[] = [];
  return {
    asked,
    async page(
      _filter: object,
      options: { limit: number; before?: number | undefined },
    ): Promise<HistoryPage> {
      asked.push(options);
      const before = options.before ?? 2_501;
      const from = Math.max(1, before - options.limit);
      const seqs = Array.from({ length: before - from }, (_, i) => before - 1 - i);
      const records = seqs.filter((seq) => seq <= 500 || seq > 1_500).map(record);
      return { records, older: from > 1 ? from : undefined, is_cut: false, trimmed_before: undefined };
    },
  };
}

const seqsOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { seq: number }).seq);

test("auditLines() > has all records, newest first, one a line, also beyond pages without any", async () => {
  const history = historyOf();
  const text = await new Response(await auditLines(history, { filter: {}, before: undefined })).text();
  const seqs = seqsOf(text);
  expect([seqs.length, seqs[0], seqs[999], seqs[1_000], seqs.at(-1)]).toEqual([1_500, 2_500, 1_501, 500, 1]);
  expect(text).toEndWith("}\n");
});

test("auditLines() > stops at the limit, begins before a sequence, and reads no page ahead of its reader", async () => {
  const history = historyOf();
  const some = await new Response(await auditLines(history, { filter: {}, before: 2_000, limit: 3 })).text();
  expect(seqsOf(some)).toEqual([1_999, 1_998, 1_997]);
  history.asked.length = 0;
  const stream = await auditLines(history, { filter: {}, before: undefined });
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  expect(history.asked).toHaveLength(1);
});

test("auditLines() > of nothing is empty; what fails at the first page is thrown", async () => {
  const empty = { records: [], older: undefined, is_cut: false, trimmed_before: undefined };
  const nothing = await auditLines({ page: async () => empty }, { filter: {}, before: undefined });
  expect(await new Response(nothing).text()).toBe("");
  const failing = auditLines({ page: () => Promise.reject(new Error("away")) }, { filter: {}, before: 1 });
  await expect(failing).rejects.toThrow("away");
});

test.each([
  [undefined, false],
  ["*/*", false],
  ["application/json", false],
  ["application/x-ndjson", true],
  ["text/html, application/jsonl;q=0.9", true],
  ["application/jsonlines", false],
])("wantsLines(%j) is %p", (accept, wants) => {
  expect(wantsLines(accept)).toBe(wants);
});
