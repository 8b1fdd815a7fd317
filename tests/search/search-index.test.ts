// The index keeps what it was given, stays below its size, and is made anew if it is damaged.
import { describe, expect, test } from "bun:test";
import { readFile, stat, writeFile } from "node:fs/promises";
import { silentLogger } from "../../src/log.ts";
import type { IndexEntry } from "../../src/search/index-tables.ts";
import { matchOf, parseQuery } from "../../src/search/query.ts";
import { openSearchIndex, type SearchIndex } from "../../src/search/search-index.ts";
import { openSqlite } from "../../src/search/sqlite.ts";
import { tempDir } from "../support/temp-dir.ts";

const stream = "AUDIT";
const large = 1_000_000_000;

function entry(seq: number, text: string, agent_id = "ada"): IndexEntry {
  return { seq, agent_id, kinds: ["event", "said"], text };
}

function find(index: SearchIndex, text: string, filter = {}, from = 0): number[] {
  return index.find(stream, matchOf(parseQuery(text), filter), { from, limit: 100 });
}

async function open(path: string, maxBytes = large): Promise<SearchIndex> {
  const index = await openSearchIndex({ path, maxBytes, log: silentLogger });
  index.begin(stream, "first");
  return index;
}

describe("openSearchIndex()", () => {
  test("finds words, phrases and beginnings, by agent, kind and sequence, newest first", async () => {
    await using dir = await tempDir();
    const index = await open(dir.join("index.db"));
    const entries = [
      entry(3, "no answer from the server"),
      entry(4, "the answer is no", "ada-2"),
      entry(9, "no answer yet; routing"),
    ];
    index.add(stream, entries, 12);
    expect(find(index, "no answer")).toEqual([9, 4, 3]);
    expect(find(index, '"no answer"')).toEqual([9, 3]);
    expect(find(index, "rout*")).toEqual([9]);
    expect(find(index, "answer", { agents: ["ada"] })).toEqual([9, 3]);
    expect(find(index, "answer", { kind: "said" })).toEqual([9, 4, 3]);
    expect(find(index, "answer", { kind: "status" })).toEqual([]);
    expect(find(index, "answer", {}, 4)).toEqual([9, 4]);
    // What the index knows of a record is no text of it.
    expect(find(index, "ksaid")).toEqual([]);
    index.close();
  });

  test("knows after a restart how far the streams were read, and begins anew for another stream", async () => {
    await using dir = await tempDir();
    const before = await open(dir.join("index.db"));
    before.add(stream, [entry(1, "hello")], 5);
    before.close();
    const after = await open(dir.join("index.db"));
    expect(after.position(stream)).toEqual({ seq: 5, low: 1, isCut: false });
    expect(find(after, "hello")).toEqual([1]);
    expect(after.begin(stream, "another").seq).toBe(0);
    expect(find(after, "hello")).toEqual([]);
    after.close();
  });

  test("what was not committed whole is not there at all", async () => {
    await using dir = await tempDir();
    const index = await open(dir.join("index.db"));
    index.add(stream, [entry(1, "hello")], 1);
    const broken: IndexEntry = {
      ...entry(3, ""),
      get text(): string {
        throw new Error("the disk is full");
      },
    };
    expect(() => index.add(stream, [entry(2, "world"), broken], 3)).toThrow("the disk is full");
    expect(index.position(stream).seq).toBe(1);
    expect(find(index, "world")).toEqual([]);
    index.close();
  });

  test("drops the oldest records above its size", async () => {
    await using dir = await tempDir();
    const maxBytes = 600_000;
    const index = await open(dir.join("index.db"), maxBytes);
    for (let from = 1; from < 12_000; from += 500) {
      const seqs = Array.from({ length: 500 }, (_, offset) => from + offset);
      index.add(
        stream,
        seqs.map((seq) => entry(seq, `word${seq} word${seq * 7} the same end`)),
        from + 499,
      );
      index.keepSmall();
      expect(index.bytes()).toBeLessThan(maxBytes);
    }
    const { low, isCut, seq } = index.position(stream);
    expect(isCut).toBe(true);
    expect(low).toBeGreaterThan(1);
    // Not more than has to be: most of the space is still in use.
    expect(index.bytes()).toBeGreaterThan(maxBytes / 2);
    expect(find(index, `word${low}`)).toContain(low);
    expect(find(index, `word${low - 1}`)).not.toContain(low - 1);
    expect(find(index, "same")[0]).toBe(seq);
    index.close();
  });

  test("drops what the stream has removed", async () => {
    await using dir = await tempDir();
    const index = await open(dir.join("index.db"));
    index.add(stream, [entry(1, "hello"), entry(2, "hello"), entry(3, "hello")], 3);
    index.dropBefore(stream, 3, false);
    expect(find(index, "hello")).toEqual([3]);
    expect(index.position(stream)).toEqual({ seq: 3, low: 3, isCut: false });
    index.close();
  });

  test("forgets an agent, and leaves none of its words in the file", async () => {
    await using dir = await tempDir();
    const path = dir.join("index.db");
    const index = await open(path);
    index.add(stream, [entry(1, "zanzibar"), entry(2, "hello", "bob"), entry(3, "zanzibar")], 3);
    expect(index.forget("ada", { [stream]: 2 })).toBe(1);
    expect(find(index, "zanzibar")).toEqual([3]);
    expect(index.forget("ada", { [stream]: 3 })).toBe(1);
    expect(find(index, "zanzibar")).toEqual([]);
    expect(find(index, "hello")).toEqual([2]);
    index.close();
    expect((await readFile(path)).includes("zanzibar")).toBe(false);
  });

  test.each(["no database at all", "damaged in the middle", "of another version"])(
    "is made anew if it is %s",
    async (how) => {
      await using dir = await tempDir();
      const path = dir.join("index.db");
      const before = await open(path);
      const seqs = Array.from({ length: 2_000 }, (_, index) => index + 1);
      before.add(
        stream,
        seqs.map((seq) => entry(seq, `word${seq} hello`)),
        2_000,
      );
      before.close();
      if (how === "of another version") {
        const db = await openSqlite(path);
        db.exec("PRAGMA user_version = 99");
        db.close();
      } else if (how === "damaged in the middle") {
        const bytes = await readFile(path);
        bytes.fill(0x5a, 4_096, bytes.length);
        await writeFile(path, bytes);
      } else await writeFile(path, "this is a text".repeat(1_000));
      const after = await open(path);
      expect(after.position(stream).seq).toBe(0);
      after.add(stream, [entry(1, "hello")], 1);
      expect(find(after, "hello")).toEqual([1]);
      after.close();
      expect((await stat(path)).size).toBeGreaterThan(0);
    },
  );
});
