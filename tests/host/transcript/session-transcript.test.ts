// Which entries of a session are published: from its record if cliai reads it, or else from its hooks; each once, over restarts too.
import { describe, expect, test } from "bun:test";
import { appendFile, writeFile } from "node:fs/promises";
import { readRecordEntries } from "../../../src/agents/claude/claude-entries.ts";
import type { Hook } from "../../../src/domain/hook.ts";
import type { RecordEntry } from "../../../src/domain/transcript/record-entry.ts";
import {
  createSessionTranscript,
  type RecordPosition,
} from "../../../src/host/transcript/session-transcript.ts";
import { silentLogger } from "../../../src/log.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

const line = (uuid: string, content: string) =>
  `${JSON.stringify({ type: "user", uuid, message: { role: "user", content } })}\n`;

/** A host's transcript whose sender is the test. `positions` outlive it, as a file would. */
function startTranscript(positions: Map<string, RecordPosition>, readEntries = readRecordEntries) {
  const sent: [id: string, text: string, session: string | undefined][] = [];
  const readAgain: string[] = [];
  let waiting = 0;
  let isAway = false;
  let count = 0;
  const transcript = createSessionTranscript({
    sender: {
      send(entry: RecordEntry, session, options) {
        if (options?.isReadAgain === true) readAgain.push(entry.id);
        sent.push([entry.id, entry.text, session]);
        if (isAway) waiting += 1;
      },
      waiting: () => waiting,
      close: () => Promise.resolve(),
    },
    readEntries,
    position: {
      read: (path) => Promise.resolve(positions.get(path)),
      write(now) {
        positions.set(now.path, now);
        return Promise.resolve();
      },
    },
    sessionId: () => "s1",
    createId: () => `own-${++count}`,
    log: silentLogger,
  });
  return {
    transcript,
    sent,
    /** Those that are no loss if they are not stored. */
    readAgain,
    texts: () => sent.map(([, text]) => text),
    setWaiting(entries: number) {
      waiting = entries;
    },
    /** From now on, what is sent waits. */
    setAway() {
      isAway = true;
    },
  };
}

const hookOf = (transcriptPath: string | undefined, more: Partial<Hook> = {}): Hook => ({
  facts: { kind: "prompt", session_id: "s1" },
  ...{ prompt: "dig", transcriptPath, isSubagent: false },
  ...more,
});

describe("createSessionTranscript()", () => {
  test("publishes the lines of the session's record as it grows, and not its hooks", async () => {
    await using dir = await tempDir();
    const path = dir.join("s1.jsonl");
    const { transcript, sent, texts } = startTranscript(new Map());
    transcript.noteHook(hookOf(path));
    transcript.noteWords("not from here");
    await writeFile(path, line("u1", "dig"));
    await waitFor(() => sent.length === 1, { what: "the first line", saw: texts });
    await appendFile(path, `${line("u2", "deeper")}not JSON\n${line("u3", "stop")}`);
    await waitFor(() => sent.length === 3, { what: "the other lines", saw: texts });
    expect(sent).toEqual([
      ["u1", "dig", "s1"],
      ["u2", "deeper", "s1"],
      ["u3", "stop", "s1"],
    ]);
    await transcript.stop(1_000);
  });

  test("the next host goes on where the one before has stopped", async () => {
    await using dir = await tempDir();
    const path = dir.join("s1.jsonl");
    const positions = new Map<string, RecordPosition>();
    await writeFile(path, line("u1", "dig"));
    const first = startTranscript(positions);
    first.transcript.noteHook(hookOf(path));
    await waitFor(() => first.sent.length === 1, { what: "the first line" });
    await first.transcript.stop(1_000);
    await appendFile(path, line("u2", "while no host was there"));
    const second = startTranscript(positions);
    second.transcript.noteHook(hookOf(path));
    await waitFor(() => second.sent.length === 1, { what: "the line since", saw: second.texts });
    expect(second.texts()).toEqual(["while no host was there"]);
    await second.transcript.stop(1_000);
  });

  test("what is read, but not stored yet, is read again by the next host", async () => {
    await using dir = await tempDir();
    const path = dir.join("s1.jsonl");
    const positions = new Map<string, RecordPosition>();
    await writeFile(path, line("u1", "dig"));
    const first = startTranscript(positions);
    first.transcript.noteWords("Nobody has these words but me.");
    first.transcript.noteHook(hookOf(path));
    await waitFor(() => first.sent.length === 2, { what: "the first line" });
    expect(first.readAgain).toEqual(["u1"]);
    first.setWaiting(1);
    await first.transcript.stop(0);
    expect(positions.size).toBe(0);
  });

  test("of a long record that was never published, only the end is", async () => {
    await using dir = await tempDir();
    const path = dir.join("s1.jsonl");
    const long = "x".repeat(100_000);
    await writeFile(path, Array.from({ length: 60 }, (_, i) => line(`u${i}`, `${i} ${long}`)).join(""));
    const { transcript, sent } = startTranscript(new Map());
    transcript.noteHook(hookOf(path));
    await waitFor(() => sent.at(-1)?.[0] === "u59", { what: "the last line" });
    expect(sent.length).toBeGreaterThan(35);
    expect(sent.length).toBeLessThan(45);
    await transcript.stop(1_000);
  });

  test("the sender gets only as many entries as it keeps, and all of them in the end", async () => {
    await using dir = await tempDir();
    const path = dir.join("s1.jsonl");
    await writeFile(path, Array.from({ length: 3_000 }, (_, i) => line(`u${i}`, String(i))).join(""));
    const { transcript, sent, texts, setWaiting, setAway } = startTranscript(new Map());
    setAway();
    transcript.noteHook(hookOf(path));
    await waitFor(() => sent.length > 0, { what: "the first entries" });
    expect(sent.length).toBeLessThan(1_000);
    await waitFor(
      () => {
        setWaiting(0);
        return sent.length === 3_000;
      },
      { what: "all entries", saw: () => sent.length },
    );
    expect(texts()).toEqual(Array.from({ length: 3_000 }, (_, i) => String(i)));
    await transcript.stop(1_000);
  });

  test("a session that is taken up again after another one goes on where it was", async () => {
    await using dir = await tempDir();
    const [one, two] = [dir.join("s1.jsonl"), dir.join("s2.jsonl")];
    await writeFile(one, line("u1", "dig"));
    await writeFile(two, line("u2", "a new session"));
    const positions = new Map<string, RecordPosition>();
    const { transcript, sent, texts } = startTranscript(positions);
    transcript.noteHook(hookOf(one));
    await waitFor(() => sent.length === 1, { what: "the first session" });
    transcript.noteHook(hookOf(two));
    await waitFor(() => sent.length === 2, { what: "the second session" });
    await appendFile(one, line("u3", "again the first"));
    transcript.noteHook(hookOf(one));
    await waitFor(() => sent.length > 2, { what: "the first session again" });
    await transcript.stop(1_000);
    expect(texts()).toEqual(["dig", "a new session", "again the first"]);
    expect([...positions.keys()]).toEqual([one, two]);
  });

  test("a session without a record that cliai reads is published by its hooks and words", async () => {
    const { transcript, sent } = startTranscript(new Map());
    transcript.noteHook(hookOf(undefined));
    transcript.noteWords("I look.");
    transcript.noteWords("  ");
    transcript.noteThought("Where is it?");
    const tool = { name: "Bash", input: { command: "ls" }, isOwn: false };
    transcript.noteHook({ facts: { kind: "tool_start", session_id: "s1" }, tool, isSubagent: false });
    expect(sent).toEqual([
      ["own-1", "dig", "s1"],
      ["own-2", "I look.", "s1"],
      ["own-3", "Where is it?", "s1"],
      ["own-4", '{\n  "command": "ls"\n}', "s1"],
    ]);
    await transcript.stop(1_000);
  });
});
