// Long results: what the model gets of them, and that it can read on without a gap.
import { describe, expect, test } from "bun:test";
import { createLongOutputs, readLines } from "../../../src/loop/tools/long-output.ts";

describe("createLongOutputs()", () => {
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index + 1}`).join("\n");

  test("leaves a text that fits as it is", () => {
    expect(createLongOutputs(() => 10).cut("0123456789")).toBe("0123456789");
  });

  test("keeps beginning and end, and says where to read on: at the line in which the cut is", () => {
    const outputs = createLongOutputs(() => 200);
    const cut = outputs.cut(lines);
    const [, count, name = "", from] =
      /\[(\d+) characters were cut here; to read them: read_file with path "([^"]+)" and from_line (\d+)\]/.exec(
        cut,
      ) ?? [];
    const [head = "", tail = ""] = cut.split(/\n\[\d+ characters.*\]\n/);
    expect(lines.startsWith(head) && lines.endsWith(tail)).toBe(true);
    expect(Number(count)).toBe(lines.length - head.length - tail.length);
    expect(head.length + tail.length).toBeLessThanOrEqual(200);
    const until = (line: number) => lines.split("\n").slice(0, line).join("\n").length;
    expect(until(Number(from) - 1)).toBeLessThanOrEqual(head.length);
    expect(until(Number(from))).toBeGreaterThanOrEqual(head.length);
    expect(outputs.read(name)).toBe(lines);
    const next = readLines(outputs.read(name) ?? "", Number(from), 100_000).text;
    expect(next.split("\n")[0]).toBe(`line ${from}`);
  });

  test("keeps the last twenty under names of their own", () => {
    const outputs = createLongOutputs(() => 1);
    for (let count = 1; count <= 21; count += 1) outputs.cut(`text ${count}`);
    expect(outputs.read("output:1")).toBeUndefined();
    expect([outputs.read("output:2"), outputs.read("output:21")]).toEqual(["text 2", "text 21"]);
    expect(outputs.read("output:22")).toBeUndefined();
  });
});

describe("readLines()", () => {
  test("reads a text to its end in pieces, each line once", () => {
    const text = "one\ntwo\nthree\nfour\n";
    const read: string[] = [];
    for (let from: number | undefined = 1; from !== undefined; ) {
      const { text: piece } = readLines(text, from, 9);
      const [, words = "", last] =
        /^([\s\S]*?)(?:\n\[Lines .* Read on with from_line (\d+)\.\])?$/.exec(piece) ?? [];
      read.push(...words.split("\n"));
      from = last === undefined ? undefined : Number(last);
    }
    expect(read).toEqual(["one", "two", "three", "four"]);
    expect(readLines(text, 1, 8).text).toBe("one\ntwo\n[Lines 1 to 2 of 4. Read on with from_line 3.]");
    expect(readLines(text, 4, 8).text).toBe("four");
  });

  test("cuts a line that is longer than all that fits, and goes on with the next", () => {
    expect(readLines("0123456789\nend", 1, 4).text).toBe(
      "0123 [the line is cut]\n[Lines 1 to 1 of 2. Read on with from_line 2.]",
    );
  });

  test("says that a file is empty, or that it has no such line", () => {
    expect(readLines("", 1, 10)).toEqual({ text: "[The file is empty.]" });
    expect(readLines("one\n", 2, 10)).toEqual({ text: "error: there are only 1 lines", isError: true });
  });
});
