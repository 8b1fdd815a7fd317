// What an open transcript is sent while an agent writes.
import { expect, test } from "bun:test";
import type { StoredEntry } from "../../../../src/server/transcripts/transcripts.ts";
import { createLiveTranscript } from "../../../../src/web/pages/agent/live-transcript.tsx";
import { ada } from "../../../support/agents.ts";

test("entries that take long to show as markdown hold serve up only once for all that come together", () => {
  let tell: (entry: StoredEntry) => void = () => undefined;
  const live = createLiveTranscript(
    {
      transcripts: {
        kept: () => Promise.reject(new Error("not asked here")),
        read: () => Promise.reject(new Error("not read here")),
        follow(_id, _after, onEntry) {
          tell = onEntry;
          return () => undefined;
        },
      },
    },
    ada,
    0,
  );
  live.watch(() => undefined);
  const text = "**a".repeat(2_600);
  for (let seq = 1; seq <= 300; seq += 1) {
    tell({ kind: "answer", entry_id: `e${seq}`, text, seq, at: "2026-01-01T00:00:00.000Z" });
  }
  const shown = live.take().map(String);
  expect(shown).toHaveLength(300);
  expect(shown[0]?.includes('class="markdown"')).toBe(true);
  expect(shown.at(-1)?.includes('class="plain-text"')).toBe(true);
});
