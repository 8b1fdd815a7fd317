import { describe, expect, test } from "bun:test";
import { appendFile, truncate, writeFile } from "node:fs/promises";
import { createTranscript, watchTranscript } from "../../../src/host/routes/transcript.ts";
import { silentLogger as log } from "../../../src/log.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { stays, staysPending, until } from "../../support/wait-for.ts";

const line = (n: number) => `${JSON.stringify({ n })}\n`;

describe("createTranscript()", () => {
  test("gives each line once, when it is whole", async () => {
    await using dir = await tempDir();
    const path = dir.join("record.jsonl");
    const transcript = createTranscript();
    await transcript.begin(path);
    expect(await transcript.readNew()).toEqual([]);
    await writeFile(path, `${line(1)}${line(2)}{"n":`);
    expect(await transcript.readNew()).toEqual([{ n: 1 }, { n: 2 }]);
    await appendFile(path, "3}\n");
    expect(await transcript.readNew()).toEqual([{ n: 3 }]);
    expect(await transcript.readNew()).toEqual([]);
  });

  test("what the file held before is of an earlier run", async () => {
    await using dir = await tempDir();
    const path = dir.join("record.jsonl");
    await writeFile(path, line(1));
    const transcript = createTranscript();
    await transcript.begin(path);
    await appendFile(path, line(2));
    await transcript.begin(path);
    expect(await transcript.readNew()).toEqual([{ n: 2 }]);
    await appendFile(path, line(3));
    expect(await transcript.readNew()).toEqual([{ n: 3 }]);
  });

  test("follows the record to another file, and one that was written anew from its beginning", async () => {
    await using dir = await tempDir();
    const [first, second] = [dir.join("first.jsonl"), dir.join("second.jsonl")];
    const transcript = createTranscript();
    await transcript.begin(first);
    await transcript.readNew();
    await writeFile(first, line(1) + line(2));
    expect(await transcript.readNew()).toHaveLength(2);
    await truncate(first);
    await writeFile(first, line(9));
    expect(await transcript.readNew()).toEqual([{ n: 9 }]);
    await transcript.begin(second);
    await transcript.readNew();
    await writeFile(second, line(5));
    expect(await transcript.readNew()).toEqual([{ n: 5 }]);
  });

  test("of a file that was written anew, what its lines' times show to be read is not read again", async () => {
    await using dir = await tempDir();
    const path = dir.join("record.jsonl");
    const timed = (n: number) => `${JSON.stringify({ n, timestamp: `2026-05-03T12:00:0${n}.000Z` })}\n`;
    await writeFile(path, timed(1) + timed(2));
    const transcript = createTranscript();
    await transcript.begin(path);
    expect(await transcript.readNew()).toEqual([]);
    // No line was read yet, so nothing tells what is new.
    await writeFile(path, timed(1));
    expect(await transcript.readNew()).toEqual([]);
    await appendFile(path, timed(3) + timed(4) + timed(5));
    expect(await transcript.readNew()).toHaveLength(3);
    await writeFile(path, timed(1) + timed(3) + timed(6));
    expect(await transcript.readNew()).toMatchObject([{ n: 6 }]);
    await appendFile(path, timed(7));
    expect(await transcript.readNew()).toMatchObject([{ n: 7 }]);
  });

  test("lines that are no JSON are passed over, and no character is cut", async () => {
    await using dir = await tempDir();
    const path = dir.join("record.jsonl");
    const transcript = createTranscript();
    await transcript.begin(path);
    await transcript.readNew();
    const bytes = new TextEncoder().encode('{"text":"Zürich ☕"}\n');
    await writeFile(path, `no json\n\n${line(1)}`);
    expect(await transcript.readNew()).toEqual([{ n: 1 }]);
    await appendFile(path, bytes.subarray(0, 11));
    expect(await transcript.readNew()).toEqual([]);
    await appendFile(path, bytes.subarray(11));
    expect(await transcript.readNew()).toEqual([{ text: "Zürich ☕" }]);
  });

  test("isThere() waits for a record that is about to be written, and not for one that nobody has named", async () => {
    await using dir = await tempDir();
    const transcript = createTranscript();
    expect(await transcript.isThere()).toBe(false);
    const path = dir.join("record.jsonl");
    await transcript.begin(path);
    const looking = transcript.isThere();
    await writeFile(path, "");
    expect(await looking).toBe(true);
  });
});

describe("watchTranscript()", () => {
  test("tells each line as it comes, while somebody awaits one, until it is stopped", async () => {
    await using dir = await tempDir();
    const path = dir.join("record.jsonl");
    const seen: unknown[] = [];
    let isAwaiting = true;
    const options = { isAwaiting: () => isAwaiting, onLine: (each: unknown) => void seen.push(each), log };
    const transcript = createTranscript();
    const watch = watchTranscript(transcript, options);
    await writeFile(path, "");
    await watch.look(path);
    await appendFile(path, line(1));
    await until("the first line", () => seen.length === 1);
    const because = "it looks every 250 ms";
    isAwaiting = false;
    await appendFile(path, line(2));
    await stays(() => seen.length === 1, { what: "nothing is read", because, forMs: 400 });
    isAwaiting = true;
    await until("the second line", () => seen.length === 2);
    watch.stop();
    await appendFile(path, line(3));
    await stays(() => seen.length === 2, { what: "nothing is read", because, forMs: 400 });
    await watch.look(undefined);
    await until("the third line, at once", () => seen.length === 3);
    expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  test("catches up with all that the record holds now", async () => {
    await using dir = await tempDir();
    const path = dir.join("record.jsonl");
    const seen: unknown[] = [];
    const options = { isAwaiting: () => true, onLine: (each: unknown) => void seen.push(each), log };
    const watch = watchTranscript(createTranscript(), options);
    await watch.look(path);
    await writeFile(path, line(1) + line(2));
    await watch.catchUp();
    watch.stop();
    expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("looks that take long do not queue up, and what is caught up with was read after the call", async () => {
    const readings: { readonly end: (lines: readonly unknown[]) => void }[] = [];
    const seen: unknown[] = [];
    const readNew = () => new Promise<readonly unknown[]>((end) => readings.push({ end }));
    const options = { isAwaiting: () => true, onLine: (each: unknown) => void seen.push(each), log };
    const watch = watchTranscript({ ...createTranscript(), readNew }, options);
    await until("the first look", () => readings.length === 1);
    for (let n = 0; n < 10; n += 1) void watch.look(undefined);
    const caughtUp = watch.catchUp();
    const because = "the first look has not ended";
    await stays(() => readings.length === 1, { what: "nothing else is read", because, forMs: 400 });
    watch.stop();
    readings[0]?.end([1]);
    await until("the second look", () => readings.length === 2);
    await staysPending(caughtUp, { what: "it has not caught up", because: "it reads", forMs: 50 });
    readings[1]?.end([2]);
    await caughtUp;
    await stays(() => readings.length === 2, {
      what: "that was all",
      because: "one look is enough",
      forMs: 50,
    });
    expect(seen).toEqual([1, 2]);
  });
});
