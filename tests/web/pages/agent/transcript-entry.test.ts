// Entries of a transcript as they are shown, also those that an agent has made up.
import { describe, expect, test } from "bun:test";
import type { StoredEntry } from "../../../../src/server/transcripts/transcripts.ts";
import { createMarkdown } from "../../../../src/web/pages/agent/markdown.tsx";
import { joinResults, TranscriptEntryItem } from "../../../../src/web/pages/agent/transcript-entry.tsx";
import { shownText } from "../../../support/shown-text.ts";

const entry = (seq: number, kind: string, more: Partial<StoredEntry> = {}): StoredEntry => ({
  ...{ seq, kind, entry_id: `e${seq}`, text: "", session_id: "s1", at: "2026-01-01T00:00:00.000Z" },
  ...more,
});
const html = (shown: StoredEntry, result?: StoredEntry) =>
  TranscriptEntryItem({
    entry: shown,
    result,
    path: "/agents/ada/transcript",
    markdown: createMarkdown(),
  }).toString();

describe("joinResults()", () => {
  test("puts a result to its call, of the same session", () => {
    const call = entry(1, "tool_call", { tool_use_id: "u1" });
    const result = entry(2, "tool_result", { tool_use_id: "u1" });
    const stranger = entry(3, "tool_result", { tool_use_id: "u1", session_id: "s2" });
    expect(joinResults([call, result, stranger])).toEqual([{ entry: call, result }, { entry: stranger }]);
  });

  test("a result without its call is an entry of its own, and so is one that came before it", () => {
    const [early, call] = [
      entry(1, "tool_result", { tool_use_id: "u" }),
      entry(2, "tool_call", { tool_use_id: "u" }),
    ];
    expect(joinResults([early, call])).toEqual([{ entry: early }, { entry: call }]);
  });
});

describe("TranscriptEntryItem()", () => {
  test("a call is folded: its tool, its argument, how long it took, and its result inside", () => {
    const call = entry(7, "tool_call", { tool: "Bash", title: "ls <a>", text: '{"command":"ls <a>"}' });
    const result = entry(8, "tool_result", { text: "a.txt", at: "2026-01-01T00:00:01.500Z" });
    const text = html(call, result);
    expect(text).toContain('<li id="t-7" class="entry entry-tool-call"');
    expect(text).toContain('data-place="000000000000007"');
    expect(shownText(text)).toContain("Call 00:00:00 Bash ls &lt;a&gt; 1.5 s");
    expect(text).toMatch(/<details[\s\S]*a\.txt[\s\S]*<\/details>/);
    expect(shownText(html(call))).toContain("no result yet");
  });

  test("a failed call is marked, and says why", () => {
    const text = html(
      entry(1, "tool_call", { tool: "Bash" }),
      entry(2, "tool_result", { text: "exit code 1", is_error: true }),
    );
    expect(text).toContain("entry entry-tool-call bad");
    expect(shownText(text)).toContain("failed: exit code 1");
  });

  test("each entry has a link to its moment", () => {
    expect(html(entry(7, "answer", { text: "hi" }))).toContain('href="/agents/ada/transcript?after=6#t-7"');
  });

  test("says what the transcript does not have: images, and the end of a long text", () => {
    const text = shownText(
      html(entry(1, "prompt", { text: "look", images: ["image/png, 3 KB"], cut: 12_000 })),
    );
    expect(text).toContain("An image, which the transcript does not keep: image/png, 3 KB");
    expect(text).toContain("12,000 more characters were left out.");
  });

  test.each(["constructor", "__proto__", "banner hidden", '"><script>'])(
    "an entry of the kind %j is a note",
    (kind) => {
      const text = html(entry(1, kind, { text: "<script>x</script>" }));
      expect(text).toContain('class="entry entry-note"');
      expect(text).toContain("&lt;script&gt;x&lt;/script&gt;");
      expect(text).not.toContain("<script>");
    },
  );

  test("no field of an agent becomes markup", () => {
    const bad = '"><script>x</script>';
    const fields = {
      tool: bad,
      title: bad,
      text: bad,
      subagent: bad,
      images: [bad],
      entry_id: bad,
      tool_use_id: bad,
    };
    for (const kind of ["prompt", "answer", "thinking", "tool_call", "tool_result", "note"])
      expect(
        html(entry(1, kind, fields), entry(2, "tool_result", { ...fields, is_error: true })),
      ).not.toContain("<script>");
  });
});
